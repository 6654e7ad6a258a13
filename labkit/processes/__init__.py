"""Starting, forking, limiting and ending measured processes; one measurement at a time on a machine."""
