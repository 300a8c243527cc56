"""Roads and tracks seen from a car, with the steering that keeps the lane.

    view = draw_track(rng, height=120, width=160)      # view.image, view.steering in -1..1

Lengths are in heights of the camera above the ground: what a picture shows depends on no other.
"""

from edgereg_training.render.tracks.view import TrackView, draw_track

__all__ = ["TrackView", "draw_track"]
