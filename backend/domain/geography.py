"""How far it is from one place to another, and how long that takes. Pure."""

from __future__ import annotations

from math import asin, cos, radians, sin, sqrt
from typing import NamedTuple

EARTH_KM = 6371.0088  # mean radius, IUGG


class Position(NamedTuple):
    """Degrees, WGS 84."""

    lat: float
    lon: float


def distance_km(a: Position, b: Position) -> float:
    """The great-circle distance (haversine)."""
    lat_a, lat_b = radians(a.lat), radians(b.lat)
    half_lat, half_lon = (lat_b - lat_a) / 2, radians(b.lon - a.lon) / 2
    return 2 * EARTH_KM * asin(sqrt(sin(half_lat) ** 2 + cos(lat_a) * cos(lat_b) * sin(half_lon) ** 2))


def travel_minutes(a: Position, b: Position, *, road_factor: float, speed_kmh: float) -> float:
    """The time on the road: roads are `road_factor` times as long as the straight line."""
    return distance_km(a, b) * road_factor / speed_kmh * 60
