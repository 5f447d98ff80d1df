"""The kinetic optimizer: gradients of neurons as the velocities of colliding particles.

In preparation: this package holds nothing to use yet. It will translate parameters and gradients
into particles, let the simulator collide them, and translate the result back, as a
``torch.optim`` optimizer. It needs PyTorch, which the gas simulator does not.
"""

from importlib.util import find_spec

if find_spec("torch") is None:
    raise ImportError(
        "bridge needs PyTorch, which is not installed here: pip install 'dsmc-bridge[torch]'",
        name="torch",
    )
