"""Rankings of any size in TRL, and collapse watched in any trainer of Hugging Face."""

from .callback import CollapseCallback
from .data import RankingCollator
from .theory import Theory
from .trainer import RankingRewardTrainer

__all__ = ["CollapseCallback", "RankingCollator", "RankingRewardTrainer", "Theory"]
