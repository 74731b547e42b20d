"""Ed25519 read strictly. The `cryptography` package does the signature's equation; what it lets pass is refused here:
points that are not canonical or of small order, as key or as R, and S not below the group's order."""

from functools import lru_cache

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

P = 2**255 - 19
L = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, P - 2, P) % P
ROOT_OF_MINUS_ONE = pow(2, (P - 1) // 4, P)


def point(data):
    """The affine point that 32 bytes stand for, or None where they are no canonical encoding of one (RFC 8032, 5.1.3)."""
    if len(data) != 32:
        return None
    number = int.from_bytes(data, "little")
    sign, y = number >> 255, number & ((1 << 255) - 1)
    if y >= P:
        return None
    square = (y * y - 1) * pow(D * y * y + 1, P - 2, P) % P
    x = pow(square, (P + 3) // 8, P)
    if (x * x - square) % P:
        x = x * ROOT_OF_MINUS_ONE % P
    if (x * x - square) % P or (x == 0 and sign):
        return None
    return (P - x if x & 1 != sign else x), y


def doubled(xyz):
    """Twice a point of -x^2 + y^2 = 1 + d x^2 y^2, in projective coordinates (complete, no special cases)."""
    x, y, z = xyz
    b, c, d = (x + y) ** 2 % P, x * x % P, y * y % P
    e = -c % P
    f = (e + d) % P
    j = (f - 2 * z * z) % P
    return (b - c - d) * j % P, f * (e - d) % P, f * j % P


@lru_cache(maxsize=4096)
def is_strong_point(data):
    """Whether 32 bytes are a canonical point whose order is not 1, 2, 4 or 8."""
    affine = point(data)
    if affine is None:
        return False
    x, y, z = doubled(doubled(doubled((affine[0], affine[1], 1))))
    return not (x == 0 and (y - z) % P == 0)


def is_good(public, signature, message):
    """Whether the signature verifies and is the only one of its kind: no other bytes would do as well."""
    if len(signature) != 64 or not is_strong_point(public) or not is_strong_point(signature[:32]):
        return False
    if int.from_bytes(signature[32:], "little") >= L:
        return False
    try:
        Ed25519PublicKey.from_public_bytes(public).verify(signature, message)
    except (InvalidSignature, ValueError):
        return False
    return True
