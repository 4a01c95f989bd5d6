"""What the catalogue offers: one entry a function, with the start that is usual in the field.

Quadratic functions start at ones with step size 1 (Hansen and Ostermeier 2001), multimodal ones in
the start regions of Hansen and Kern 2004, with the middle as `x0` and half the width as `sigma0`;
the others in the regions of their sources.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from problems.arrays import Vector
from problems.functions import multimodal, quadratic, valleys


@dataclass(frozen=True)
class Entry:
    """One function of the catalogue; numbers stand for every coordinate.

    Args:
        name: what `get` knows it by.
        function: vectorised over rows, its parameters by keyword.
        description: one line.
        region: (lower, upper) of the start region.
        x0: default starting point; None means the middle of the region.
        sigma0: initial step size; None means half the width of the region.
        optimum: a global minimiser, or a function of n that returns it.
        fopt: the lowest value, or a function of n that returns it.
        parameters: names and defaults, all of them positive numbers.
        box: (lower, upper) of the search domain, or None for the whole space.
        min_dim: smallest number of variables that makes sense.
    """

    name: str
    function: Callable[..., Vector]
    description: str
    region: tuple[float, float] = (-5.0, 5.0)
    x0: float | None = None
    sigma0: float | None = None
    optimum: float | Callable[[int], Vector] = 0.0
    fopt: float | Callable[[int], float] = 0.0
    parameters: Mapping[str, float] = field(default_factory=dict)
    box: tuple[float, float] | None = None
    min_dim: int = 1


def _quadratic(
    name: str,
    function: Callable[..., Vector],
    description: str,
    conditioning: float | None = None,
    min_dim: int = 1,
) -> Entry:
    parameters = {} if conditioning is None else {"conditioning": conditioning}
    return Entry(
        name, function, description, x0=1.0, sigma0=1.0, parameters=parameters, min_dim=min_dim
    )


ENTRIES = (
    _quadratic("sphere", quadratic.sphere, "sum of squares"),
    _quadratic(
        "ellipsoid", quadratic.ellipsoid, "axis lengths spread evenly on a logarithmic scale", 1e6
    ),
    _quadratic("cigar", quadratic.cigar, "one long axis", 1e6),
    _quadratic("bent-cigar", quadratic.bent_cigar, "one long axis, bent at the optimum", 1e6),
    _quadratic("discus", quadratic.discus, "one short axis (also known as tablet)", 1e6),
    _quadratic(
        "cigar-tablet", quadratic.cigar_tablet, "one long and one short axis", 1e8, min_dim=2
    ),
    _quadratic("two-axes", quadratic.two_axes, "half of the axes short, half of them long", 1e6),
    _quadratic("double-sum", quadratic.double_sum, "squares of partial sums (Schwefel 1.2)"),
    _quadratic("step-ellipsoid", quadratic.step_ellipsoid, "an ellipsoid made of plateaus", 1e2),
    Entry(
        "zakharov",
        quadratic.zakharov,
        "a plate-shaped bowl of fourth order",
        region=(-5.0, 10.0),
    ),
    Entry(
        "different-powers",
        valleys.different_powers,
        "exponents from 2 to 6: sensitivities drift apart near the optimum",
        x0=1.0,
        sigma0=1.0,
    ),
    Entry(
        "sharp-ridge",
        valleys.sharp_ridge,
        "a valley whose floor has a kink, with its lowest point at 0",
        x0=1.0,
        sigma0=1.0,
        parameters={"steepness": 100.0},
    ),
    Entry(
        "parabolic-ridge",
        valleys.parabolic_ridge,
        "a rounded valley that falls at a constant rate down to its end at 0",
        x0=10.0,
        sigma0=1.0,
        region=(5.0, 15.0),
        parameters={"steepness": 100.0},
    ),
    Entry(
        "linear-slope",
        valleys.linear_slope,
        "a slope that levels off where every coordinate is 5 or more",
        sigma0=2.0,
        optimum=valleys.SLOPE_END,
        parameters={"conditioning": 10.0},
    ),
    Entry(
        "rosenbrock",
        valleys.rosenbrock,
        "a bent valley",
        region=(-2.0, 2.0),
        x0=0.0,
        sigma0=0.5,
        optimum=1.0,
        parameters={"alpha": 100.0},
        min_dim=2,
    ),
    Entry(
        "dixon-price",
        valleys.dixon_price,
        "a chain of bent valleys with a strong local optimum",
        region=(-10.0, 10.0),
        optimum=valleys.dixon_price_optimum,
    ),
    Entry(
        "happycat",
        valleys.happycat,
        "a sharp ridge along a sphere",
        region=(-2.0, 2.0),
        optimum=-1.0,
        parameters={"alpha": 0.125},
    ),
    Entry(
        "rastrigin",
        multimodal.rastrigin,
        "a bowl with a regular grid of about 10^n local optima",
        region=(1.0, 5.0),
    ),
    Entry(
        "ackley",
        multimodal.ackley,
        "a plain with ripples around one deep hole",
        region=(1.0, 30.0),
    ),
    Entry(
        "griewank",
        multimodal.griewank,
        "a bowl with waves that weaken as n grows",
        region=(10.0, 600.0),
    ),
    Entry(
        "schwefel",
        multimodal.schwefel,
        "deep holes far apart in a box, the best one next to a corner",
        region=(-500.0, 500.0),
        optimum=multimodal.SCHWEFEL_OPTIMUM,
        box=(-multimodal.SCHWEFEL_BOX, multimodal.SCHWEFEL_BOX),
    ),
    Entry(
        "levy",
        multimodal.levy,
        "a bowl with long waves",
        region=(-10.0, 10.0),
        optimum=1.0,
    ),
    Entry(
        "styblinski-tang",
        multimodal.styblinski_tang,
        "2^n holes of almost equal depth",
        optimum=multimodal.STYBLINSKI_TANG_OPTIMUM,
        fopt=multimodal.styblinski_tang_fopt,
    ),
    Entry(
        "schaffer-f7",
        multimodal.schaffer_f7,
        "waves whose length and height change with the distance from the optimum",
        region=(10.0, 100.0),
        min_dim=2,
    ),
    Entry(
        "bohachevsky",
        multimodal.bohachevsky,
        "a bowl with small waves",
        region=(1.0, 15.0),
        min_dim=2,
    ),
    Entry(
        "griewank-rosenbrock",
        multimodal.griewank_rosenbrock,
        "a bent valley full of waves",
        region=(-2.0, 2.0),
        x0=0.0,
        sigma0=0.5,
        optimum=1.0,
        min_dim=2,
    ),
)
