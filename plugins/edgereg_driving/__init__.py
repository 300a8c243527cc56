"""Driving for edgereg: the steering angle that a picture of the road ahead asks for."""
