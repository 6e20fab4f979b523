"""How it is worked out: a scenario becomes a program of flat tables, and engines run it."""

from hudna.engine.compile import compile_scenario
from hudna.engine.program import Program
from hudna.engine.simulate import Simulation, simulate

__all__ = ["Program", "Simulation", "compile_scenario", "simulate"]
