"""Systems composed of stages: each is a stage of its own, so that it is checked, timed and stored like one."""
