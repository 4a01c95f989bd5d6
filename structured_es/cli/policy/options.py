"""Options that the commands on policies share."""

import json
import math
from pathlib import Path
from typing import Annotated, Any

import typer


def pair_of(text: str) -> tuple[int, int]:
    """Episodes for each candidate: "2", or "1,4" for the least and the most.

    Raises:
        ValueError: another text.
    """
    words = [word.strip() for word in text.split(",")]
    if len(words) > 2 or not all(word.isdecimal() and int(word) > 0 for word in words):
        raise ValueError(f"--per-candidate: expected numbers such as 2 or 1,4, got {text!r}")
    return int(words[0]), int(words[-1])


def arguments_of(given: list[str] | None) -> dict[str, Any]:
    """Keyword arguments, "name=value" each, the values as in JSON, or as text.

    Raises:
        ValueError: no name.
    """
    found: dict[str, Any] = {}
    for text in given or ():
        name, equals, value = text.partition("=")
        if not equals or not name.isidentifier():
            raise ValueError(f"--env-arg: expected NAME=VALUE, got {text!r}")
        try:
            parsed = json.loads(value)
        except ValueError:
            parsed = value
        if isinstance(parsed, (list, dict)):
            raise ValueError(f"--env-arg: expected a number, a text or true, got {text!r}")
        found[name] = parsed
    return found


def count_of(name: str, value: float) -> int:
    """A number of things that may be written 1e4.

    Raises:
        ValueError: it is not a whole number above 0.
    """
    if not (math.isfinite(value) and value >= 1 and value == int(value)):
        raise ValueError(f"{name}: expected a whole number above 0, got {value:g}")
    return int(value)


Environment = Annotated[
    str,
    typer.Argument(
        metavar="ENV",
        help="Name of one of gymnasium's environments, or module:function of your own that makes "
        "one.",
    ),
]
Shape = Annotated[
    str, typer.Option("--policy", metavar="linear|mlp:16,16", help="Layers of the policy.")
]
Activation = Annotated[str, typer.Option(metavar="tanh|relu", help="Between the layers.")]
Squash = Annotated[
    str, typer.Option(metavar="clip|tanh", help="How outputs become numbers in a box.")
]
Bias = Annotated[
    bool | None,
    typer.Option(
        help="Whether layers have biases; by default those of networks.", show_default=False
    ),
]
Normalize = Annotated[
    bool, typer.Option(help="Normalise observations by what has been observed so far.")
]
CommonSeeds = Annotated[
    bool, typer.Option(help="The same episodes for all candidates of a generation.")
]
Shift = Annotated[
    float, typer.Option(help="Added to each training reward, as against a bonus for survival.")
]
PerCandidate = Annotated[
    str,
    typer.Option(
        metavar="K|LEAST,MOST",
        help="Episodes for each candidate; those beyond the least where its rank is in doubt.",
    ),
]
Threshold = Annotated[
    float | None,
    typer.Option(
        help="Mean return to hold in 100 evaluation episodes; by default the environment's own."
    ),
]
MaxSteps = Annotated[int | None, typer.Option(min=1, help="Steps after which an episode ends.")]
Fresh = Annotated[
    bool | None,
    typer.Option(
        "--fresh/--reuse",
        help="A fresh environment for each episode, or one that is reset; by default fresh where "
        "reset ones drift, and for your own.",
        show_default=False,
    ),
]
EnvArguments = Annotated[
    list[str] | None,
    typer.Option("--env-arg", metavar="NAME=VALUE", help="An argument of the environment."),
]
Run = Annotated[
    Path, typer.Argument(metavar="RUN", help="A directory that `policy train --out` has left.")
]
Which = Annotated[
    str, typer.Option(metavar="mean|best|both", help="The mean policy, or the best candidate.")
]
