# Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""All cases: folder -> name -> Case."""
from families import families
from field import FIELD
from refused import REFUSED
from transformers4 import TRANSFORMERS4
from transformers5 import TRANSFORMERS5

FOLDERS = {"families": families(), "field": FIELD, "transformers5": TRANSFORMERS5,
           "transformers4": {**TRANSFORMERS4, **REFUSED}}
