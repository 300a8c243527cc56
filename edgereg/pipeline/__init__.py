"""From a source to the sinks: the steps of a frame, run in stages or one after the other."""
