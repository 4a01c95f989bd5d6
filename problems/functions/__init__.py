"""The raw functions, vectorised over rows: (popsize, n) in, (popsize,) out.

All are minimised and none moves the space: rotation and shift are the transformation's business.
Indices in the docstrings run from 1 to n; t_i = (i - 1)/(n - 1) runs from 0 to 1 (0 when n = 1).
Sums are written so that nothing cancels near the optimum, where a search needs the digits.

Sources, by the tags in the docstrings:
    H01   Hansen and Ostermeier, "Completely derandomized self-adaptation in evolution
          strategies", Evolutionary Computation 9(2), 2001.
    HK04  Hansen and Kern, "Evaluating the CMA evolution strategy on multimodal test functions",
          PPSN VIII, 2004.
    BBOB  Finck, Hansen, Ros and Auger, "Real-parameter black-box optimization benchmarking:
          presentation of the noiseless functions", 2009 (COCO's f1 to f24).
    SB    Surjanovic and Bingham, "Virtual library of simulation experiments", SFU.
    PYCMA Hansen, Akimoto and Baudis, pycma, `cma.ff`.
"""
