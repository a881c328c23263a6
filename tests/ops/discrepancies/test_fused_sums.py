"""Fused sums, in Triton's interpreter on a processor: against sums over pairs in float64, and against the tiled path.

Triton decides when it is imported whether it interprets or compiles, so one test runs those below in a process that interprets.
"""

import math
import os
import subprocess
import sys
import warnings
from importlib.util import find_spec

import pytest
import torch

from transferkit.ops.discrepancies import fused_sums, kernel_sums
from transferkit.ops.discrepancies.class_conditional_mmd import class_conditional_mmd
from transferkit.ops.discrepancies.kernels import Gaussian, Laplacian
from transferkit.ops.discrepancies.mmd import mmd

TRITON = find_spec("triton") is not None
INTERPRETED = TRITON and os.environ.get("TRITON_INTERPRET") == "1"
in_the_interpreter = pytest.mark.skipif(
    not INTERPRETED, reason="Triton does not interpret here" if TRITON else "Triton cannot be imported (no GPU build)"
)
compiling = pytest.mark.skipif(not TRITON or INTERPRETED, reason="Triton does not compile here")
PROCESSOR = torch.device("cpu")


def samples(n, m, d, seed=0, dtype=torch.float32):
    draw = torch.Generator().manual_seed(seed)
    x, y = torch.randn(n, d, generator=draw), torch.randn(m, d, generator=draw) * 1.3 + 0.4
    return x.to(dtype), y.to(dtype)


def by_pairs(x, y, widths, left, right):
    """V and its gradients, with one exponential a width and every pair written down."""
    both = torch.cat([x, y]).double().requires_grad_()
    squares = (both[:, None] - both[None]).square().sum(dim=2)
    kernel = sum(torch.exp(-squares / (2 * width**2)) for width in widths)
    value = ((left @ right.mT).double() * kernel).sum()
    (gradient,) = torch.autograd.grad(value, both)
    return value.detach(), gradient[: len(x)], gradient[len(x) :]


@pytest.fixture
def fused(monkeypatch):
    """Samples of a processor are fused too, without the check of the first use; gives how often they were."""
    monkeypatch.setattr(fused_sums, "DEVICES", ("cpu",))
    monkeypatch.setattr(fused_sums, "_trusted", lambda *_: True)
    launches = []
    monkeypatch.setattr(kernel_sums, "fused_sum", lambda *given: launches.append(1) or fused_sums.fused_sum(*given))
    return launches


@pytest.mark.skipif(not TRITON or INTERPRETED, reason="needs Triton, and a process that does not interpret yet")
def test_what_is_said_of_the_interpreter_holds_there():
    words = [sys.executable, "-m", "pytest", "-q", "-n", "0", "-p", "no:cacheprovider", __file__]
    done = subprocess.run(words, env=os.environ | {"TRITON_INTERPRET": "1"}, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout[-4000:]


@in_the_interpreter
@pytest.mark.parametrize(
    ("n", "m", "d", "rank", "block"),
    [
        (1, 1, 1, 1, 32),
        (1, 5, 3, 2, 32),
        (33, 2, 33, 3, 32),
        (31, 40, 17, 2, 32),
        (64, 32, 32, 2, 32),
        (70, 5, 40, 2, 64),
    ],
)
@pytest.mark.parametrize("widths", [(1.5,), (1.0, 2.0**0.5, 2.0, 4.0)])
def test_values_and_gradients_are_those_of_the_sum_over_pairs(n, m, d, rank, block, widths):
    x, y = samples(n, m, d)
    left = torch.rand(n + m, rank, generator=torch.Generator().manual_seed(1))
    launch = fused_sums.Launch(x, y, Gaussian(widths), left, left, block)
    found = launch.total(), *launch.gradients(torch.tensor(3.0))
    value, of_x, of_y = by_pairs(x, y, widths, left, left)
    for one, other in zip(found, (value, 3 * of_x, 3 * of_y), strict=True):
        torch.testing.assert_close(one.double(), other, rtol=2e-5, atol=2e-6 * float(other.abs().max()))


@in_the_interpreter
def test_half_precision_is_worked_on_in_float32():
    x, y = samples(20, 30, 12, dtype=torch.bfloat16)
    left = torch.rand(50, 2, generator=torch.Generator().manual_seed(1))
    launch = fused_sums.Launch(x, y, Gaussian((1.0, 2.0)), left, left)
    for one, other in zip(
        (launch.total(), *launch.gradients(torch.tensor(1.0))), by_pairs(x, y, (1.0, 2.0), left, left), strict=True
    ):
        torch.testing.assert_close(one.double(), other, rtol=2e-5, atol=2e-6 * float(other.abs().max()))


@in_the_interpreter
@pytest.mark.parametrize("settings", [{}, {"estimator": "biased"}, {"bandwidths": (0.5, 2.0)}, {"weights": True}])
def test_mmd_is_what_it_is_tiled(settings, fused):
    if settings.get("weights"):
        settings = {"weights": (torch.arange(9.0), torch.arange(35.0).flip(0))}
    found = []
    for devices in (("cpu",), ()):
        fused_sums.DEVICES = devices
        x, y = (sample.requires_grad_() for sample in samples(9, 35, 6))
        value = mmd(x, y, **settings)
        (2 * value).backward()
        found.append((value.detach(), x.grad, y.grad))
    assert len(fused) == 1
    for one, other in zip(*found, strict=True):
        torch.testing.assert_close(one, other, rtol=1e-5, atol=1e-7)


@in_the_interpreter
def test_class_conditional_mmd_is_what_it_is_tiled(fused):
    draw = torch.Generator().manual_seed(2)
    labels = torch.randint(0, 5, (9,), generator=draw), torch.rand(35, 5, generator=draw).softmax(dim=1)
    x, y = (sample.requires_grad_() for sample in samples(9, 35, 6))
    value = class_conditional_mmd(x, y, *labels)
    gradients = torch.autograd.grad(value, (x, y))
    fused_sums.DEVICES = ()
    tiled = class_conditional_mmd(x, y, *labels)
    assert len(fused) == 1
    assert float(value.detach()) == pytest.approx(float(tiled.detach()), rel=1e-5)
    for one, other in zip(gradients, torch.autograd.grad(tiled, (x, y)), strict=True):
        torch.testing.assert_close(one, other, rtol=1e-5, atol=1e-7)


@in_the_interpreter
def test_only_the_sample_that_wants_a_gradient_gets_one(fused):
    x, y = samples(5, 7, 3)
    mmd(x, y.requires_grad_()).backward()
    assert x.grad is None
    assert y.grad is not None
    assert not mmd(*samples(5, 7, 3)).requires_grad
    with torch.inference_mode():
        assert float(mmd(x, y)) == float(mmd(x, y.detach()))
    assert len(fused) == 4


@in_the_interpreter
def test_rows_may_lie_anywhere(fused):
    wide, _ = samples(40, 1, 8)
    x, y = wide[:15, :3], wide[15:, 4:7]
    packed = float(mmd(x.clone(), y.clone()))
    assert float(mmd(x, y)) == pytest.approx(packed, abs=1e-6)
    assert float(mmd(x.mT.contiguous().mT, y.mT.contiguous().mT)) == pytest.approx(packed, abs=1e-6)
    assert len(fused) == 3


@in_the_interpreter
def test_many_or_few_programs_give_the_same(fused, monkeypatch):
    def found():
        x, y = (sample.requires_grad_() for sample in samples(70, 101, 5))
        value = mmd(x, y, bandwidths=(1.0,))
        value.backward()
        return torch.cat([value.detach()[None], x.grad.flatten(), y.grad.flatten()])

    alone = found()
    monkeypatch.setattr(fused_sums, "PROGRAMS", 4)
    monkeypatch.setattr(fused_sums, "_processors", lambda device: 11)
    dealt_out = found()
    torch.testing.assert_close(dealt_out, alone, rtol=1e-5, atol=1e-8)
    assert torch.equal(dealt_out, found())


@in_the_interpreter
def test_items_far_apart_do_not_blur_the_gradient():
    """Where next to nothing pulls, what rounding leaves of an item's pull on itself would be all there is."""
    x, y = samples(33, 2, 33)
    left = torch.ones(35, 1)
    of_x, of_y = fused_sums.Launch(x, y, Gaussian((1.0,)), left, left).gradients(torch.tensor(1.0))
    _, x_expected, y_expected = by_pairs(x, y, (1.0,), left, left)
    torch.testing.assert_close(of_x.double(), x_expected, rtol=1e-3, atol=1e-5 * float(x_expected.abs().max()))
    torch.testing.assert_close(of_y.double(), y_expected, rtol=1e-3, atol=1e-5 * float(y_expected.abs().max()))


@in_the_interpreter
def test_values_that_are_not_finite_are_refused(fused):
    x, y = samples(5, 7, 3)
    x[3, 1] = math.nan
    with pytest.raises(ValueError, match=r"x holds a value that is not finite \(row 3\)"):
        mmd(x, y, bandwidths=(1.0,))
    assert len(fused) == 1


@in_the_interpreter
def test_the_check_of_the_first_use_is_passed(monkeypatch):
    monkeypatch.setattr(fused_sums, "CHECKED", ((70, 61, 20),))
    assert fused_sums._apart(PROCESSOR, torch.float32, 64, 31, kernel_sums.reference, (70, 61, 20)) < 2e-6
    fused_sums._trusted.cache_clear()
    assert fused_sums._trusted(PROCESSOR, torch.bfloat16, 64, 5, kernel_sums.reference)


@in_the_interpreter
def test_the_check_of_the_first_use_sees_a_kernel_that_is_wrong(monkeypatch):
    from transferkit.ops.discrepancies import fused_tiles

    class Wrong:
        """Gives every program twice its sum."""

        def __init__(self, right):
            self.right = right

        def __getitem__(self, grid):
            def launch(*given, **settings):
                self.right[grid](*given, **settings)
                given[5].mul_(1.001)

            return launch

    monkeypatch.setattr(fused_tiles, "sum_over_pairs", Wrong(fused_tiles.sum_over_pairs))
    assert fused_sums._apart(PROCESSOR, torch.float32, 64, 31, kernel_sums.reference, (70, 61, 20)) > 5e-4


@compiling
@pytest.mark.parametrize("dtype", ["*fp32", "*bf16"])
@pytest.mark.parametrize("name", ["sum_over_pairs", "pulls"])
def test_it_compiles_for_a_gpu(name, dtype):
    """What the interpreter runs a compiler may still refuse."""
    import triton
    from triton.backends.compiler import GPUTarget
    from triton.compiler import ASTSource

    from transferkit.ops.discrepancies import fused_tiles

    kernel = getattr(fused_tiles, name)
    pointers = dict.fromkeys(("centre", "left", "right", "grad", "gradients"), "*fp32")
    pointers |= {"x": dtype, "y": dtype, "sums": "*fp64", "rate": "fp32"}
    fixed = {"SQUARINGS": 4, "MEMBERS": 31, "BLOCK": 32, "WIDTH": 16}
    signature = {word: "constexpr" if word in fixed else pointers.get(word, "i32") for word in kernel.arg_names}
    source = ASTSource(kernel, signature=signature, constexprs=fixed)
    made = triton.compile(source, target=GPUTarget("cuda", 90, 32), options={"enable_fp_fusion": True})
    assert "fma.rn.f32" in made.asm["ptx"]
    assert "tf32" not in made.asm["ptx"]


@compiling
@pytest.mark.skipif(not torch.cuda.is_available(), reason="torch sees no GPU here")
@pytest.mark.parametrize(("n", "m", "d"), [(128, 128, 256), (37, 91, 70), (1500, 1301, 300)])
def test_on_a_gpu_it_is_the_sum_on_a_processor(n, m, d):
    x, y = (sample.cuda().requires_grad_() for sample in samples(n, m, d))
    kernel = Gaussian((0.5 * d**0.5, 1.0 * d**0.5))
    assert fused_sums.serves(x, y, kernel, kernel_sums.reference)
    value = mmd(x, y, bandwidths=kernel.bandwidths)
    value.backward()
    near, far = (sample.double().requires_grad_() for sample in samples(n, m, d))
    expected = mmd(near, far, bandwidths=kernel.bandwidths)
    expected.backward()
    assert float(value) == pytest.approx(float(expected), rel=1e-5)
    torch.testing.assert_close(x.grad.cpu().double(), near.grad, rtol=1e-4, atol=1e-5 * float(near.grad.abs().max()))


@pytest.mark.parametrize(
    ("kernel", "members"),
    [
        (Gaussian((3.0,)), 0b1),
        (Gaussian((4.0, 2.0, 1.0)), 0b10101),
        (Gaussian((1.0, 2.0**0.5)), 0b11),
        (Gaussian((1.0, 3.0)), 0),
        (Gaussian((1.0, 1.0)), 0),
        (Laplacian((1.0,)), 0),
    ],
)
def test_a_family_is_known_by_its_powers(kernel, members):
    assert fused_sums._members(kernel) == members


def test_samples_of_a_processor_are_tiled():
    assert not fused_sums.serves(*samples(3, 3, 2), Gaussian((1.0,)), kernel_sums.reference)


@pytest.mark.parametrize("broken", ["wrong", "raises"])
def test_kernels_that_fail_are_told_of_once_and_left_alone(broken, monkeypatch):
    def apart(*_):
        if broken == "raises":
            raise RuntimeError("ptxas died\nof a signal")
        return 0.02

    monkeypatch.setattr(fused_sums, "DEVICES", ("cpu",))
    monkeypatch.setattr(fused_sums, "TRITON", True)
    monkeypatch.setattr(fused_sums, "_apart", apart)
    fused_sums._trusted.cache_clear()
    line = "RuntimeError: ptxas died of a signal" if broken == "raises" else "2.0e-02 apart from the tiled sum"
    with pytest.warns(RuntimeWarning, match=f"fused MMD kernels are not used on cpu: .*{line}"):
        first = mmd(*samples(5, 7, 3))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        again = mmd(*samples(5, 7, 3))
    fused_sums._trusted.cache_clear()
    monkeypatch.setattr(fused_sums, "DEVICES", ())
    assert float(first) == float(again) == float(mmd(*samples(5, 7, 3)))


def test_without_triton_nothing_is_said(monkeypatch):
    monkeypatch.setattr(fused_sums, "DEVICES", ("cpu",))
    monkeypatch.setattr(fused_sums, "TRITON", False)
    assert math.isfinite(float(mmd(*samples(5, 7, 3))))
