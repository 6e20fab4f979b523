"""What is asked: policies, assumptions, outcomes and the size of the run."""

from hudna.scenario.file import ScenarioFile
from hudna.scenario.reading import load
from hudna.scenario.scenario import Scenario

__all__ = ["Scenario", "ScenarioFile", "load"]
