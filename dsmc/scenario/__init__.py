"""What a user configures: the scenario, its file, its errors."""

from dsmc.scenario.loading import load, loads, question, shipped
from dsmc.scenario.messages import Problem, ScenarioError
from dsmc.scenario.model import Scenario

__all__ = ["Problem", "Scenario", "ScenarioError", "load", "loads", "question", "shipped"]
