r"""Orthogonal normals: blocks whose rows are orthogonal, each row N(0, I) by itself.

    Z = L Q  with normal Z, (k, n), L lower triangular with positive diagonal:  rows |z_i| q_i

The rows of Q are Gram-Schmidt's of the rows of Z, and Haar distributed because the diagonal of L is
positive (Mezzadri, "How to generate random matrices from the classical compact groups", Notices of
the AMS 54, 2007). The lengths |z_i| depend on L alone, which is independent of Q. As sampling of
evolution strategies: Wang, Emmerich & Bäck, "Mirrored orthogonal sampling for covariance matrix
adaptation evolution strategies", ECJ 27(4), 2019.
"""

import numpy as np

from structured_es.search.sampling.sampler import BlockSampler, rows_per_block
from structured_es.structures.arrays import FloatArray
from structured_es.structures.linalg import lower_inverse


class Orthogonal(BlockSampler):
    """Normals of which each min(popsize, n) consecutive ones are orthogonal; O(n popsize) each.

    Args:
        dim: number of variables n.
        popsize: candidates a generation.
        rng: source of randomness, owned by this sampler from now on.
    """

    signed = True

    def __init__(self, dim: int, popsize: int, rng: np.random.Generator) -> None:
        super().__init__(dim)
        self.rng = rng
        rows = min(popsize, dim)
        self._shape = max(1, rows_per_block(dim) // rows), rows, dim

    def _next_block(self) -> FloatArray:
        return orthogonalized(self.rng.standard_normal(self._shape)).reshape(-1, self.dim)


def orthogonalized(Z: FloatArray) -> FloatArray:
    """Gram-Schmidt on the rows of each matrix of Z, (..., k, n) with k <= n; lengths are kept.

    Rows at most half as many as columns are well conditioned if normal, so that the quick way, by
    the Cholesky factor of Z Z^T, keeps all digits.
    """
    if 2 * Z.shape[-2] <= Z.shape[-1]:
        gram = Z @ Z.swapaxes(-1, -2)
        lengths = np.sqrt(np.diagonal(gram, axis1=-2, axis2=-1))
        inverses = [lower_inverse(factor) for factor in np.linalg.cholesky(gram)]
        return (lengths[..., np.newaxis] * np.array(inverses)) @ Z
    lengths = np.sqrt(np.einsum("...ij,...ij->...i", Z, Z))
    Q, R = np.linalg.qr(Z.swapaxes(-1, -2))
    lengths = np.copysign(lengths, np.diagonal(R, axis1=-2, axis2=-1))
    return (Q * lengths[..., np.newaxis, :]).swapaxes(-1, -2)
