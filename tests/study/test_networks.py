"""Networks of a federation file: their numbers follow from the file, their base is what was approved, and they learn together."""

import base64
import csv
import json
import shutil

import numpy as np
import polars as pl
import pytest
from fed_hospitals import play_here
from test_assent import manifest

from confide.demo.federation import SITES, make_federation
from confide.errors import InvalidInput
from confide.federated.learning import Course, Learning, local_update
from confide.federated.patient_unit import ROUNDING
from confide.study.joining import own_model, site_folder
from confide.study.learnt import ModelSection, begun, chances, learner_of, net_of
from confide.study.manifest import FILE, PrivacySection, load_manifest
from confide.study.networks import base_digest, base_told, start_of

torch = pytest.importorskip("torch", reason="the extra train is not installed")

WORDS = [
    "[PAD]",
    "[UNK]",
    "[CLS]",
    "[SEP]",
    "[MASK]",
    "the",
    "wound",
    "was",
    "cut",
    "and",
    "sewn",
    "fever",
    "cough",
    "pills",
]
SURGERY, MEDICINE = "the wound was cut and sewn", "fever and cough and pills"
IMAGES = ModelSection(
    kind="images", target="category(finding, none, spot)", image="image(scan, 8, 9)", channels=4
)


@pytest.fixture(scope="module", autouse=True)
def one_thread():
    """These networks are smaller than the wait for a second thread."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="module")
def language_model(tmp_path_factory):
    """A language model of a few thousand numbers, as it would lie at each site."""
    from transformers import BertConfig, BertModel, BertTokenizer

    folder = tmp_path_factory.mktemp("base") / "model"
    torch.manual_seed(0)
    config = BertConfig(
        vocab_size=len(WORDS), hidden_size=16, num_hidden_layers=2, num_attention_heads=2, intermediate_size=24, max_position_embeddings=16,
    )  # fmt: skip
    BertModel(config).save_pretrained(folder)
    (folder / "vocab.txt").write_text("\n".join(WORDS))
    BertTokenizer(str(folder / "vocab.txt")).save_pretrained(folder)
    return folder


def texts_model(folder, **more):
    told = base_told(folder)
    sizes = {"base": told["base"], "width": told["width"], "rank": 2, "tokens": 10}
    return ModelSection(kind="texts", target="category(ward, surgery, medicine)", **{**sizes, **more})


def notes(count=24):
    """Notes of surgery and of medicine in turn; every third patient has two."""
    return pl.DataFrame(
        {
            "_patient": [f"p{at - (at % 3 == 1)}" for at in range(count)],
            "_text": [SURGERY if at % 2 else MEDICINE for at in range(count)],
            "ward": ["surgery" if at % 2 else "medicine" for at in range(count)],
        }
    )


def scans(count=24):
    """Images with and without a bright spot in turn; one that cannot be read, and one of an unknown finding."""
    draw = np.random.default_rng(0)
    pixels = draw.integers(0, 100, (count, 8, 9)).astype(np.uint8)
    pixels[::2, 2:5, 2:5] = 250
    cells = [base64.b64encode(each.tobytes()).decode() for each in pixels]
    cells[5] = cells[5][:-8]
    findings = ["none" if at % 2 else "spot" for at in range(count)]
    findings[7] = "?"
    return pl.DataFrame({"_patient": [f"p{at}" for at in range(count)], "scan": cells, "finding": findings})


@pytest.mark.parametrize("personal", [False, True])
@pytest.mark.parametrize("kind", ["images", "texts"])
def test_what_travels_and_what_it_is_at_first_follow_from_the_file_alone(language_model, kind, personal):
    model = (
        ModelSection(kind="images", target=IMAGES.target, image=IMAGES.image, channels=4, personal=personal)
        if kind == "images"
        else texts_model(language_model, layers=2, personal=personal)
    )
    travels, stays = begun(model)
    learner = learner_of(model, scans() if kind == "images" else notes(), base=language_model)
    assert (learner.length, len(learner.stays())) == (len(travels), len(stays))
    assert bool(len(stays)) == personal
    np.testing.assert_allclose(learner.start(), travels, rtol=1e-6)
    np.testing.assert_allclose(learner.stays(), stays, rtol=1e-6)
    np.testing.assert_array_equal(start_of(net_of(model)), np.concatenate([travels, stays]))


@pytest.mark.parametrize("protection", ["none", "patient"])
@pytest.mark.parametrize("kind", ["images", "texts"])
def test_a_network_of_the_file_learns_and_rows_that_cannot_be_read_take_no_part(
    language_model, kind, protection
):
    model, frame = (IMAGES, scans()) if kind == "images" else (texts_model(language_model), notes())
    learner = learner_of(model, frame, base=language_model)
    assert learner.n_patients == (22 if kind == "images" else 16)
    private = {"protection": "patient", "clip": 1.0, "patients": 16} if protection == "patient" else {}
    learning = Learning(rounds=8, rate=0.2 if private else 0.1, steps=1 if private else 5, **private)
    course = Course(learning, begun(model)[0])
    for number in range(1, learning.rounds + 1):
        course.take(local_update(learning, learner, course.task(), number, b"")[0])
    said = chances(model, course.model, frame, base=language_model)
    places = (frame["finding"] == "spot") if kind == "images" else (frame["ward"] == "medicine")
    read = ~np.isnan(said[:, 0])
    assert read.sum() == (23 if kind == "images" else 24)
    np.testing.assert_allclose(said[read].sum(axis=1), 1)
    right = (said[:, 1] > 0.5)[read] == places.to_numpy()[read]
    assert right.mean() > 0.9


@pytest.mark.parametrize("kind", ["images", "texts"])
def test_one_patient_moves_the_clipped_sum_of_a_network_by_at_most_the_clip(language_model, kind):
    model, frame = (IMAGES, scans(8)) if kind == "images" else (texts_model(language_model), notes(8))
    numbers, clip = begun(model)[0], 0.05

    def total(rows):
        return learner_of(model, rows, base=language_model).clipped_sum(numbers, clip)

    for who in ("p0", "p2"):
        moved = np.linalg.norm(total(frame) - total(frame.filter(pl.col("_patient") != who)))
        assert clip * 0.99 < moved <= clip * (1 + ROUNDING)


def test_a_base_with_another_byte_is_another_and_one_that_must_run_code_is_refused(language_model, tmp_path):
    model, here = texts_model(language_model), tmp_path / "model"
    shutil.copytree(language_model, here)
    assert base_digest(here) == model.base
    (here / ".cache").mkdir()
    (here / ".cache" / "lock").write_text("")
    assert base_digest(here) == model.base
    with (here / "vocab.txt").open("a") as file:
        file.write("\n")
    refused(lambda: learner_of(model, notes(), base=here), "fed.base-other")
    refused(lambda: learner_of(model, notes()), "fed.base-wanted")
    for sizes in ({"layers": 3}, {"width": 8}, {"tokens": 17}):
        wrong = texts_model(language_model, **sizes)
        refused(lambda wrong=wrong: learner_of(wrong, notes(), base=language_model), "fed.base-shape")
    (here / "model.safetensors").rename(here / "pytorch_model.bin")
    refused(lambda: base_digest(here), "fed.base-folder")
    refused(lambda: base_digest(tmp_path / "nowhere"), "fed.base-folder")


def test_code_in_a_folder_of_a_language_model_is_never_run(language_model, tmp_path):
    here, ran = tmp_path / "model", tmp_path / "ran"
    shutil.copytree(language_model, here)
    config = json.loads((here / "config.json").read_text())
    config["auto_map"] = {"AutoModel": "own.Own", "AutoConfig": "own.Settings"}
    config["model_type"] = "own"
    (here / "config.json").write_text(json.dumps(config))
    (here / "own.py").write_text(f"open({str(ran)!r}, 'w').close()\n")
    refused(lambda: base_told(here), "fed.base-kind")
    assert not ran.exists()


def refused(call, code):
    with pytest.raises(InvalidInput) as said:
        call()
    assert said.value.code == code


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        ({"kind": "images", "image": "image(scan, 28)"}, "fed.image"),
        ({"kind": "images", "image": "image(scan, 4, 28)"}, "fed.image-size"),
        ({"kind": "images", "image": "image(scan, 28, 28)", "channels": 6}, "fed.image-size"),
        ({"kind": "images", "image": "image(scan, 28, 28)", "features": ("number(age, 0, 9)",)}, "fed.model-key"),
        ({"kind": "logistic", "features": ("number(age, 0, 9)",), "personal": True}, "fed.model-key"),
        ({"kind": "logistic", "features": ("number(age, 0, 9)",), "base": "0" * 64}, "fed.model-key"),
        ({"kind": "texts", "width": 16}, "fed.base-missing"),
        ({"kind": "texts", "width": 16, "base": "../model"}, "fed.base-missing"),
        ({"kind": "texts", "base": "0" * 64}, "fed.text-size"),
        ({"kind": "texts", "base": "0" * 64, "width": 16, "target": "number(ward, 0, 1)"}, "fed.model-target"),
        ({"kind": "mlp"}, "train.features"),
    ],
)  # fmt: skip
def test_a_network_that_could_not_be_is_refused_before_anybody_approves(wrong, code):
    target = {"logistic": "ill"}.get(wrong["kind"], "category(ward, a, b)")
    refused(lambda: ModelSection(**{"target": target, **wrong}), code)


def test_a_head_that_stays_and_patients_who_are_coupled_do_not_go_with_one_noisy_sum():
    private = Learning(rounds=1, rate=1.0, protection="patient", clip=1.0, patients=100)
    privacy = PrivacySection(epsilon=1.0, delta=1e-6)
    personal = ModelSection(kind="images", target=IMAGES.target, image=IMAGES.image, personal=True)
    cox = ModelSection(
        kind="cox", target="dead", time="number(days, 0, 99)", features=("number(age, 0, 99)",)
    )
    for model, code in ((personal, "learning.combination"), (cox, "learning.coupled")):
        refused(lambda model=model: manifest(model=model, learning=private, privacy=privacy), code)
    each = Learning(rounds=1, rate=1.0, protection="each", clip=1.0, patients=100)
    noisy = manifest(model=personal, learning=each, privacy=privacy)
    assert noisy.local_plan(1).length == noisy.length + len(begun(personal)[1])


def test_three_hospitals_learn_from_notes_and_each_keeps_a_head_of_its_own(language_model, tmp_path):
    made = tmp_path / "made"
    make_federation(made, "en", patients=200)
    for kind, name in enumerate(SITES):
        with (made / name / "raw" / "visits.csv").open() as file:
            ids = sorted({row["patient_id"] for row in csv.DictReader(file)})[:20]
        rows = [("surgery", SURGERY) if at % (kind + 2) else ("medicine", MEDICINE) for at in range(len(ids))]
        told = [
            {"patient_id": who, "letter": text, "ward": ward}
            for who, (ward, text) in zip(ids, rows, strict=True)
        ]
        (made / name / "raw" / "letters.jsonl").write_text("".join(json.dumps(row) + "\n" for row in told))
        with (made / name / "study.toml").open("a") as file:
            file.write(
                '\n[[source]]\nname = "letters"\nkind = "notes"\npath = "raw/letters.jsonl"\ntext = "letter"\n'
            )
    text, told = (made / FILE).read_text(), base_told(language_model)
    (made / FILE).write_text(
        text[: text.index("[model]")]
        + f'[model]\nkind = "texts"\ntarget = "category(ward, surgery, medicine)"\nbase = "{told["base"]}"\nwidth = {told["width"]}\n'
        + 'rank = 2\ntokens = 10\npersonal = true\n\n[learning]\nrounds = 2\nrate = 0.1\nsteps = 5\n'
    )  # fmt: skip
    agreed = load_manifest(made / FILE)
    signed, own = play_here(
        made, agreed, "letters", base=language_model, then=lambda place: own_model(place, agreed)
    )
    assert [one["state"] for one in signed["rounds"]] == ["commit"] * 2
    heads = []
    for name in SITES:
        model = own[name]
        assert len(model) == agreed.length + len(begun(agreed.model)[1])
        heads.append(model[agreed.length :])
        said = chances(agreed.model, model, notes(2), base=language_model)
        assert said[0, 1] > said[1, 1]
        for kept in site_folder(made / name, agreed).glob("*.state"):
            assert heads[-1].tobytes() not in kept.read_bytes()  # sealed
    assert not np.array_equal(heads[0], heads[1])
    assert np.abs(heads[0] - begun(agreed.model)[1]).max() > 0
