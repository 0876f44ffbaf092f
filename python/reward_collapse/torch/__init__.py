"""Ranking losses for PyTorch, whose minimisers :func:`reward_collapse.solve` predicts."""

from .loss import RankingLoss
from .pairs import RankedPairs, ranked_pairs

__all__ = ["RankedPairs", "RankingLoss", "ranked_pairs"]
