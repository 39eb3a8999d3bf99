"""Reciprocal rank fusion."""

from support_bot.retrieval.fusion import reciprocal_rank_fusion


def test_what_both_searches_find_comes_first() -> None:
    fused = reciprocal_rank_fusion([(1.0, ["a", "b"]), (1.0, ["b", "c"])])
    assert [item for item, _ in fused] == ["b", "a", "c"]


def test_the_score_is_the_sum_of_weight_over_k_plus_rank() -> None:
    fused = dict(reciprocal_rank_fusion([(1.0, ["a"]), (0.5, ["b", "a"])], k=10))
    assert fused["a"] == 1 / 11 + 0.5 / 12


def test_no_list_gives_nothing() -> None:
    assert reciprocal_rank_fusion([]) == []
