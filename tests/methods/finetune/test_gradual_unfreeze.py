import torch

from transferkit.core.run import Run
from transferkit.core.source import Source
from transferkit.core.target import Target
from transferkit.methods.finetune.gradual_unfreeze import GradualUnfreeze, moving

SOURCE = Source("zoo:digits-cnn")


def test_one_stage_an_epoch_is_the_rule_of_the_paper() -> None:
    assert [moving(epoch, 20, 4, until=4 / 20) for epoch in range(1, 7)] == [1, 2, 3, 4, 4, 4]


def test_stages_that_have_not_thawed_stay_as_the_source_has_them(tiny_target: Target) -> None:
    source = SOURCE.network().state_dict()
    for n_epochs, moved in ((1, {"stage3"}), (2, {"stage2", "stage3"}), (4, {"stem", "stage1", "stage2", "stage3"})):
        method = GradualUnfreeze(epochs=4, until=1.0, stop_after=n_epochs, keep_statistics=False)
        network = method.fit((SOURCE,), tiny_target.fold(0), Run()).model.network
        changed = {
            name.split(".")[1]
            for name, weight in network.state_dict().items()
            if name.startswith("body.") and not torch.equal(weight, source[name])
        }
        assert changed == moved
