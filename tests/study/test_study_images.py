"""`[[images]]` in a study: charged before the noise, a patient's images bounded, shown in both editions, erased with the patient."""

import base64
import io
import json
from importlib.resources import files

import jsonschema
import numpy as np
import pytest
from small import STUDY, make_small

from confide.cli.forecast import show_dry_run
from confide.cli.show import ProgressLines
from confide.errors import InvalidInput
from confide.ledger.home import home, open_ledger
from confide.ledger.verify import verify_ledger
from confide.records.png import read_grey_png
from confide.stats.images import exact_sums
from confide.stats.png import grey_png
from confide.study.check import check_study, dry_run
from confide.study.config import load_study
from confide.study.erase import erase_patient
from confide.study.images import stack_of
from confide.study.keys import nobody_types
from confide.study.plans import image_plans
from confide.study.run import run_study
from confide.study.sources import read_records
from confide.study.workplace import open_workplace
from confide.words import speaking
from real_data import SHARED

QUIET = ProgressLines(quiet=True)
REAL = SHARED / "data" / "pneumoniamnist" / "pneumoniamnist.npz"
HEAD = STUDY.split("[[source]]")[0].replace("epsilon = 3.0", "epsilon = 10.0")
STACK = '[[source]]\nname = "chest"\nkind = "images"\npath = "raw/chest.npz"\n'
FOLDER = '[[source]]\nname = "chest"\nkind = "images"\npath = "raw/chest/*.png"\nindex = "raw/chest.csv"\n'
IMAGES = """
[[images]]
name = "mean-chest"
source = "chest"
by = "finding"
groups = ["ill", "well"]
shape = [8, 8]
pool = 2
max_images = 2
edges = [0, 64, 128, 256]
epsilon = 8.0
delta = 1e-8
"""
ILL, WELL = 200, 60  # grey levels


@pytest.fixture(autouse=True)
def institution(tmp_path, monkeypatch):
    monkeypatch.setenv("CONFIDE_HOME", str(tmp_path / "home"))


def chest(patients=400):
    """Images of patients p0 to p399, the even ones ill; p1 has five of them."""
    who = [f"p{k}" for k in range(patients)] + ["p1"] * 4
    ill = [int(each[1:]) % 2 == 0 for each in who]
    levels = np.array([ILL if each else WELL for each in ill], dtype=np.uint8)
    images = np.repeat(levels, 64).reshape(-1, 8, 8)
    return images, who, ["ill" if each else "well" for each in ill]


def study(folder, *, source=STACK, asked=IMAGES, language="en"):
    make_small(folder, language=language, text=HEAD.replace("{", "{{").replace("}", "}}").replace("{{language}}", "{language}") + source + asked, epsilon=20.0)  # fmt: skip
    images, who, groups = chest()
    if source == STACK:
        np.savez(
            folder / "raw" / "chest.npz", images=images, patient_id=np.array(who), finding=np.array(groups)
        )
    else:
        (folder / "raw" / "chest").mkdir()
        rows = ["file,patient_id,finding"]
        for k, (image, patient, group) in enumerate(zip(images[-30:], who[-30:], groups[-30:], strict=True)):
            (folder / "raw" / "chest" / f"{k}.png").write_bytes(grey_png(image))
            rows.append(f"chest/{k}.png,{patient},{group}")
        (folder / "raw" / "chest.csv").write_text("\n".join(rows) + "\n")
    return folder


def opened(folder):
    return open_workplace(folder, ask=nobody_types)


@pytest.mark.parametrize("language", ["en", "zh"])
def test_a_mean_image_leaves_with_its_figures_and_stands_in_the_dossier(tmp_path, language):
    folder = study(tmp_path / "study", language=language)
    check_study(folder)
    assert run_study(folder, step=QUIET).verdict == "pass"
    out = folder / "outgoing" / "statistics"
    release = json.loads((out / "mean-chest.json").read_text())
    for row, level in zip(release["rows"], (ILL, WELL), strict=True):
        assert abs(np.array(row["mean"]) - level).max() < 4 * row["half_width"]
        assert row["images"]["low"] < row["images"]["high"]
    assert read_grey_png((out / "mean-chest.png").read_bytes()).shape[0] == 4 * 56
    header = (out / "mean-chest.csv").read_text().splitlines()
    assert header[0].startswith('finding,images,images low,images high,"grey_levels(level) [0, 64)"')
    assert len(header) == 3
    schema = json.loads(files("confide.study").joinpath("dossier.schema.json").read_text())
    outside = json.loads((folder / "dossier" / "outside.json").read_text())
    for edition in ("inside", "outside"):
        jsonschema.validate(json.loads((folder / "dossier" / f"{edition}.json").read_text()), schema)
    shown, shares = outside["statistics"]
    assert [each["group"] for each in shown["pictures"]] == ["ill", "well"]
    assert shares["measures"] == ["grey_levels(level)"]
    assert not shares["pictures"]
    picture = base64.b64decode(shown["pictures"][0]["png"])
    assert (read_grey_png(picture) == np.rint(np.array(release["rows"][0]["mean"]))).all()
    page = (folder / "dossier" / "outside.html").read_text()
    assert f"data:image/png;base64,{shown['pictures'][0]['png']}" in page
    assert ("Mean image of each group" if language == "en" else "各组的平均图") in page
    assert {each["file"] for each in outside["outputs"]} == {
        f"mean-chest.{suffix}" for suffix in ("csv", "json", "parquet", "png", "svg", "vl.json")
    }


def test_the_charge_is_what_the_section_says_and_a_second_run_shows_the_same_for_nothing(tmp_path):
    folder = study(tmp_path / "study")
    run_study(folder, step=QUIET)
    first = (folder / "outgoing" / "statistics" / "mean-chest.png").read_bytes()
    with open_ledger(home()) as ledger:
        assert 7.9 < ledger.balance("inpatients").epsilon_spent <= 8.0
        verify_ledger(ledger)
        size = ledger.store.head()
    run_study(folder, step=QUIET)
    assert (folder / "outgoing" / "statistics" / "mean-chest.png").read_bytes() == first
    with open_ledger(home()) as ledger:
        assert ledger.store.head() == size


def sums_of(folder):
    with opened(folder) as place:
        records = read_records(place.study, place.vault)
        (plan,) = image_plans(place.study)
        images = records.images["chest"]
        return plan, exact_sums(plan, stack_of(images, records.units["chest"], "finding"))


def test_a_patient_of_five_images_weighs_as_one_of_two_and_who_opted_out_weighs_nothing(tmp_path):
    folder = study(tmp_path / "study")
    run_study(folder, step=QUIET)
    plan, sums = sums_of(folder)
    whole = 65536 // 2
    ill, well = sums[:, 0] / plan.units[1]
    assert ill == 200 * whole
    assert well == 198 * whole + 5 * (65536 // 5)  # p7 opted out


def test_a_dry_run_says_the_error_in_a_group_of_each_size_and_opens_no_image(tmp_path, capsys):
    folder = study(tmp_path / "study")
    (folder / "raw" / "chest.npz").unlink()
    for language, words in (("en", "grey level of the mean image"), ("zh", "平均图的灰度")):
        with speaking(language):
            show_dry_run(dry_run(folder), folder)
        said = capsys.readouterr().out
        assert words in said
    (price,) = dry_run(folder).prices
    assert price.kind == "images"
    assert price.images[1][0] == pytest.approx(image_plans(load_study(folder))[0].expected_error(1000))
    json.dumps(dry_run(folder).to_json())


@pytest.mark.parametrize(
    ("old", "new", "code"),
    [
        ('groups = ["ill", "well"]', "", "study.refused"), ('by = "finding"', "", "study.refused"),
        ("shape = [8, 8]", "shape = [8]", "study.refused"), ("pool = 2", "pool = 3", "study.refused"),
        ("shape = [8, 8]", "", "study.missing-key"), ('source = "chest"', 'source = "notes"', "study.no-such-images"),
        ("epsilon = 8.0", "epsilon = 11.0", "study.impossible-budget"), ("max_images = 2", "max_images = 0", "study.refused"),
        ('name = "mean-chest"', 'name = "../x"', "study.name-no-file"), ("[0, 64, 128, 256]", "[0, 300]", "study.refused"),
        ("[[images]]", '[deid]\npolicy = "pipl"\nsources = ["chest"]\n[[images]]', "study.images-leave"),
        ("[[images]]", '[[stats]]\nsource = "chest"\nmeasures = ["count"]\nepsilon = 1.0\n[[images]]', "study.no-such-table"),
    ],
)  # fmt: skip
def test_a_section_that_cannot_be_met_is_refused_when_the_study_is_read(tmp_path, old, new, code):
    assert old in IMAGES
    with pytest.raises(InvalidInput) as refused:
        load_study(study(tmp_path / "study", asked=IMAGES.replace(old, new)))
    assert refused.value.code == code


@pytest.mark.parametrize(
    ("old", "new"), [("shape = [8, 8]", "shape = [8, 6]"), ('by = "finding"', 'by = "ward"')]
)
def test_images_of_another_size_or_without_the_column_are_refused_before_anything_is_charged(
    tmp_path, old, new
):
    folder = study(tmp_path / "study", asked=IMAGES.replace(old, new))
    with pytest.raises(InvalidInput) as refused:
        run_study(folder, step=QUIET)
    assert refused.value.code == "study.step-refused"
    with open_ledger(home()) as ledger:
        assert ledger.balance("inpatients").epsilon_spent == 0


def test_an_image_or_a_row_that_cannot_be_read_is_refused_before_any_plan_and_leaves_no_trace(tmp_path):
    """Whoever runs the study sees the row; no ledger, no file that leaves and no page does."""
    folder = study(tmp_path / "study", source=FOLDER)
    image, table = folder / "raw" / "chest" / "3.png", folder / "raw" / "chest.csv"
    whole, rows = image.read_bytes(), table.read_text()
    with open_ledger(home()) as ledger:
        size = ledger.store.head()
    for content, text, code in (
        (grey_png(np.zeros((6, 8), dtype=np.uint8)), rows, "records.image-sizes"),
        (whole[:40], rows, "records.image-not-grey"),
        (whole, rows.replace("chest/4.png", "chest/p1-secret.png"), "records.image-absent"),
        (whole, rows.replace("p379", "", 1), "records.no-patient"),
    ):
        image.write_bytes(content)
        table.write_text(text)
        with pytest.raises(InvalidInput) as refused:
            check_study(folder)
        assert refused.value.code == code
        assert "secret" not in str(refused.value)
    with pytest.raises(InvalidInput):
        run_study(folder, step=QUIET)
    assert not (folder / "outgoing").exists()
    assert not (folder / "dossier").exists()
    with open_ledger(home()) as ledger:
        assert ledger.store.head() == size


@pytest.mark.parametrize("source", [STACK, FOLDER])
def test_an_erased_patient_is_in_no_sealed_image_and_the_release_still_stands(tmp_path, source):
    folder = study(tmp_path / "study", source=source)
    run_study(folder, step=QUIET)
    release = (folder / "outgoing" / "statistics" / "mean-chest.png").read_bytes()
    for path in [*(folder / "raw").rglob("*.png"), *(folder / "raw").glob("chest.*")]:
        path.unlink()
    with opened(folder) as place:
        before = read_records(place.study, place.vault).images["chest"]
        assert (before.frame["_patient"] == "p1").sum() in (4, 5)
        erased = erase_patient(place, ["p1"])
        assert erased.destroyed == (0 if source == STACK else 4)
        after = read_records(place.study, place.vault).images["chest"]
        assert "p1" not in after.frame["_patient"].to_list()
        assert (after.pixels == before.pixels[(before.frame["_patient"] != "p1").to_numpy()]).all()
    assert run_study(folder, step=QUIET).verdict == "pass"
    assert (folder / "outgoing" / "statistics" / "mean-chest.png").read_bytes() == release


def test_the_same_images_give_the_same_sums_from_a_stack_and_from_a_folder(tmp_path):
    folder = study(tmp_path / "study", source=FOLDER)
    run_study(folder, step=QUIET)
    _, from_folder = sums_of(folder)
    images, who, groups = (each[-30:] for each in chest())
    np.savez(folder / "raw" / "chest.npz", images=images, patient_id=np.array(who), finding=np.array(groups))
    text = (folder / "study.toml").read_text()
    (folder / "study.toml").write_text(text.replace(FOLDER, STACK))
    with pytest.raises(InvalidInput):  # the release stands from other files, which are sealed now
        run_study(folder, step=QUIET)
    assert (sums_of(folder)[1] == from_folder).all()


@pytest.mark.skipif(not REAL.exists(), reason="the real images lie beside the project, and are not here")
def test_the_fields_own_file_is_read_as_it_is_where_each_image_is_protected_by_itself(tmp_path):
    asked = IMAGES.replace('"finding"', '"labels"').replace('["ill", "well"]', '["0", "1"]')
    folder = study(tmp_path / "study", asked=asked.replace("[8, 8]", "[28, 28]"))
    (folder / "raw" / "chest.npz").write_bytes(REAL.read_bytes())
    text = (folder / "study.toml").read_text()
    with pytest.raises(InvalidInput) as refused:
        run_study(folder, step=QUIET)
    assert refused.value.code == "records.images-of-nobody"
    text = text.replace('crosswalk = "ids.csv"', 'unit = "row"').replace('optout = "optout.csv"', "")
    (folder / "study.toml").write_text(text.replace('name = "inpatients"', 'name = "films"'))
    with open_ledger(home()) as ledger:
        ledger.open_account("films", epsilon=10.0, delta=1e-7, patients=3166, unit="row")
    assert run_study(folder, step=QUIET).verdict == "pass"
    release = json.loads((folder / "outgoing" / "statistics" / "mean-chest.json").read_text())
    with np.load(io.BytesIO(REAL.read_bytes())) as real:
        for place, row in enumerate(release["rows"]):
            true = [
                real[f"{part}_images"][real[f"{part}_labels"].ravel() == place]
                for part in ("train", "val", "test")
            ]
            mean = np.concatenate(true).reshape(-1, 14, 2, 14, 2).mean(axis=(0, 2, 4))
            assert np.sqrt(((np.array(row["mean"]) - mean) ** 2).mean()) < 4
