"""What is asked: policies, assumptions, outcomes and the size of the run."""

from hudna.scenario.reading import load
from hudna.scenario.scenario import Scenario, ScenarioFile

__all__ = ["Scenario", "ScenarioFile", "load"]
