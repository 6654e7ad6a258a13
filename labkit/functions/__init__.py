"""Functions of one's own, compared as they are: no stage, contract or workload is to be written."""
