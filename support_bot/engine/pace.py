"""How long steps may be while others write. Knows tokens and seconds, no model."""

from __future__ import annotations

from support_bot.engine.plan import OWN_LONGEST_STEP_S

_NEWEST_WEIGHT = 0.2


class ReadingPace:
    """Learns what a token of a prompt costs, and from it how many tokens one step may have.

    Long steps read a prompt in less time, but whoever writes gets one token per step."""

    def __init__(self, least: int, most: int) -> None:
        """Between `least` and `most` tokens a step."""
        self.token_s = 0.0
        self._least, self._most = min(least, most), most

    def learn(self, tokens: int, seconds: float) -> None:
        """A step with `tokens` in all took `seconds`. Short ones cost much for each token and tell little."""
        if tokens < self._least:
            return
        found = seconds / tokens
        self.token_s += (_NEWEST_WEIGHT if self.token_s else 1.0) * (found - self.token_s)

    def step_tokens(self, *, writing: bool) -> int:
        """The most tokens of the next step: beside others `writing`, what takes no longer than OWN_LONGEST_STEP_S."""
        if not (writing and self.token_s):
            return self._least if writing else self._most
        return max(self._least, min(self._most, int(OWN_LONGEST_STEP_S / self.token_s)))
