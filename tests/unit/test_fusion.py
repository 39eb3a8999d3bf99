"""How the two searches' scores become one order."""

from support_bot.retrieval.fusion import convex_combination


def test_the_score_weighs_cosine_against_the_share_of_the_best_word_score() -> None:
    fused = dict(convex_combination({"a": 0.5, "b": 0.4}, {"b": 8.0, "c": 2.0}, keyword_weight=0.2))
    assert fused == {"a": 0.8 * 0.5, "b": 0.8 * 0.4 + 0.2, "c": 0.2 * 0.25}


def test_shared_words_decide_between_passages_of_like_meaning() -> None:
    cosines = {"near": 0.50, "nearer": 0.51}
    assert [item for item, _ in convex_combination(cosines, {"near": 3.0}, keyword_weight=0.1)] == ["near", "nearer"]
    assert [item for item, _ in convex_combination(cosines, {"near": 3.0}, keyword_weight=0.0)] == ["nearer", "near"]


def test_scores_of_nothing_divide_by_nothing() -> None:
    assert convex_combination({}, {}, keyword_weight=0.1) == []
    assert convex_combination({"a": 0.5}, {"a": 0.0}, keyword_weight=0.1) == [("a", 0.45)]
