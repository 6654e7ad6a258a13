"""The right answers of the catalogue's stages, a module a family: ``ORACLES`` by stage; where an answer is held to the oracle's
by another rule than the stage's agreement, ``RULES`` too; and ``DRAWS`` where annotations say too little to draw its inputs.
"""
