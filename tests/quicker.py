"""What TensorFlow does for those who debug it, left out of the tests: about a tenth of the time of training in them.

It reaches into private parts of TensorFlow: where one has moved, an ImportError or AttributeError says so.
"""

import sys


def leave_out_debugging():
    """Give every operation of a graph the same place in the code, and every variable's handle the same name.

    TensorFlow walks the stack for each operation, and pytest's is deep: 15 % of building, fitting and predicting.
    It keeps a kernel for each name of a handle: 0.6 ms and 34 KB for each variable that was ever made.
    """
    if "tensorflow" not in sys.modules:
        return
    from tensorflow.python.eager import context
    from tensorflow.python.ops import gen_resource_variable_ops as variables
    from tensorflow.python.util import tf_stack

    here, handle = tf_stack.extract_stack(), variables.var_handle_op

    def one_name(**settings):
        if context.executing_eagerly():
            settings |= {"debug_name": "variable", "name": "variable"}
        return handle(**settings)

    tf_stack.extract_stack = lambda stacklevel=1: here
    variables.var_handle_op = one_name
