import pytest

from transferkit.core.errors import WrongUse
from transferkit.core.method import Method
from transferkit.core.run import Run
from transferkit.core.source import Source
from transferkit.core.target import Target
from transferkit.methods.finetune.bi_tuning import BiTuning
from transferkit.methods.finetune.co_tuning import CoTuning
from transferkit.methods.finetune.contrastive_tuning import ContrastiveTuning
from transferkit.methods.merge.distill import Distill


@pytest.mark.parametrize(
    "method", [BiTuning(mixup=0.2), CoTuning(cutmix=1.0), ContrastiveTuning(mixup=0.2), Distill(mixup=0.2)], ids=str
)
def test_what_is_known_of_an_item_is_not_held_against_a_mixed_one(method: Method, tiny_target: Target) -> None:
    with pytest.raises(WrongUse, match="leave mixup and cutmix at 0"):
        method.fit((Source("zoo:digits-cnn"),), tiny_target.fold(0), Run())
