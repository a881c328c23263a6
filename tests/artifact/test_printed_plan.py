from transferkit.artifact.printed_plan import cost_sentence, printed_plan, said_of
from transferkit.evaluate.planned import DroppedArm, Plan, PlannedArm, Profile

WEIGHTS = "torch:/home/me/models/resnet20.safetensors?architecture=cifar_resnet"
PROFILE = Profile(60, 20, 5, 3, (10, 20.0, 30), "image", "classify", (64, 48), {"zoo:digits-cnn": 1.2, WEIGHTS: 0.3})
PLAN = Plan(
    profile=PROFILE,
    arms=(
        PlannedArm(f"linear_probe < {WEIGHTS}", 0.3, 2, "costs seconds"),
        PlannedArm("full < zoo:digits-cnn", 30.0, 3, "you pinned it", pinned=True),
    ),
    dropped=(DroppedArm(f"full < {WEIGHTS}", "a chance of 3 % to be the best source"),),
    budget="10m",
    spent=10.0,
    trying=60.0,
    proving=200.0,
    within=True,
)


def test_a_person_sees_what_is_tried_what_is_not_and_what_it_costs() -> None:
    said = printed_plan(PLAN, width=100)
    for part in ("60 labels to learn from", "3 classes with 10 to 30, usually 20 each", "20 sealed", "64 x 48 pixels"):
        assert part in said.replace("\n", " ")
    assert "zoo:digits-cnn 1.2 (far)" in said
    assert "full < zoo:digits-cnn (pinned)" in said
    assert "a chance of 3 %" in said
    assert "4 min 30 s in all" in said.replace("\n", " ")
    assert "The budget of 10m is enough" in said.replace("\n", " ")


def test_a_weight_file_is_called_by_its_name() -> None:
    said = printed_plan(PLAN, width=100)
    assert "linear_probe < torch:resnet20" in said
    assert "/home/me" not in said


def test_a_budget_that_does_not_reach_is_told() -> None:
    assert "more than the budget of 10m" in cost_sentence(Plan(**(vars(PLAN) | {"within": False})))


def test_equal_classes_are_said_in_one_number() -> None:
    even = Profile(**(vars(PROFILE) | {"labels_per_class": (20, 20.0, 20)}))
    assert "3 classes with 20 each" in said_of(even)
