"""What the scripts in benchmarks/ measure: results/benchmarks/. Files about a model bear its hash, older ones not."""

from dataclasses import field
from typing import Annotated, ClassVar, Generic, Literal, TypeVar

from pydantic import Field

from mien.results.record import Measured, record

NotRun = Literal["not run"]


@record
class Machine:
    """A machine, as the benchmarks of the apps tell it."""

    system: str
    processor: str
    cores: int


@record
class ModelSpeed:
    """recognition.json: one model on one thread; model_hash: None in older files."""

    precision: str
    megabytes: float
    face_ms: float
    faces_per_second_batch_32: float
    photograph_12mp_ms: float
    photograph_12mp_file_ms: float
    photograph_12mp_faces: int
    model_hash: str | None = None


@record
class Photograph:
    """A peer's time for the photograph, and the faces it finds."""

    ms: float
    faces: int


@record
class PeerSpeed:
    """A peer's size and time for a face."""

    megabytes: float
    face_ms: float
    photograph_12mp: Photograph | None = None


@record
class MemoryOfPhotographs:
    """Memory while many photographs are read."""

    photographs: int
    megabytes_after_a_tenth: float
    megabytes_after_all: float


@record
class RecognitionSpeed(Measured):
    """recognition.json."""

    made_by: ClassVar[str] = "python benchmarks/recognition.py"

    machine: str
    threads: int
    models: dict[str, ModelSpeed]
    fer: PeerSpeed | NotRun
    face_api: Annotated[PeerSpeed | NotRun, Field(alias="face-api")]
    human: PeerSpeed | NotRun
    import_seconds: float
    loads_torch: bool
    memory: MemoryOfPhotographs

    def of_peer(self, name: str) -> PeerSpeed | None:
        """A peer's speed.

        Args:
            name: Of its package.

        Returns:
            None where it was not run.
        """
        found = {"fer": self.fer, "face-api": self.face_api, "human": self.human}[name]
        return found if isinstance(found, PeerSpeed) else None


T = TypeVar("T")


@record
class Builds(Generic[T]):
    """What was measured of this build of the app, and of the one before where it was measured too."""

    now: T
    before: T | None = None


@record
class Taken:
    """Seconds that something takes, and seconds of work of all cores together."""

    seconds: float
    work_seconds: float


@record
class SideBySide(Measured):
    """side_by_side.json; before: the commit compared with; times: by what is measured.

    Measured are: `mien predict` with a folder of photographs of 5 megapixels ("folder"), the same as an archive by one
    and two workers ("archive_1", "archive_2"), a picture of 12 megapixels by one, two and all threads of a `Recognizer`
    ("large_1", "large_2", "large_all"), `mien --help` ("help"), `mien predict` with one picture ("first") and the
    import of what it needs ("imports").
    """

    made_by: ClassVar[str] = "python benchmarks/side_by_side.py COMMIT"

    machine: str
    before: str
    model: str
    model_hash: str
    photographs: int
    rounds: int
    same_rows: bool
    times: dict[str, Builds[Taken]]

    @property
    def by_two_workers(self) -> float:
        """How many times as fast two workers read the archive as one."""
        return self._times("archive_1", "archive_2")

    @property
    def by_two_threads(self) -> float:
        """How many times as fast two threads read the large picture as one."""
        return self._times("large_1", "large_2")

    @property
    def start_up(self) -> float:
        """The time of `mien predict` with one picture, in times of its imports."""
        return self._times("first", "imports")

    def _times(self, one: str, other: str) -> float:
        return self.times[one].now.seconds / self.times[other].now.seconds


@record
class Steps:
    """Milliseconds of each step of a frame."""

    grab: float
    find: float
    crop: float
    read: float


@record
class FrameSpeed:
    """Frames a second, and the steps' times."""

    frames_per_s: float
    ms: Steps


@record
class AppModelSpeed(FrameSpeed):
    """One model in the app; model_hash: None in older files."""

    first_result_s: float
    frames_per_s_by_steps: float
    long_tasks: int
    longest_task_ms: float
    seconds: int
    times_faster_than_peer: float
    model_hash: str | None = None


@record
class AppSpeed(Measured):
    """app.json."""

    made_by: ClassVar[str] = "python benchmarks/app.py"

    machine: Machine
    app_bytes_compressed: int
    peer_s_a_face: float
    models: dict[str, AppModelSpeed]


@record
class AppFaces(Measured):
    """app-faces.json: frames with one, three and six faces; model_hash: of the default model, None in older files."""

    made_by: ClassVar[str] = "python benchmarks/app.py --faces"

    machine: Machine
    seconds: int
    one: Annotated[Builds[FrameSpeed], Field(alias="1")]
    three: Annotated[Builds[FrameSpeed], Field(alias="3")]
    six: Annotated[Builds[FrameSpeed], Field(alias="6")]
    model_hash: str | None = field(default=None, kw_only=True)

    @property
    def by_count(self) -> dict[int, Builds[FrameSpeed]]:
        """The speeds by the number of faces in a frame."""
        return {1: self.one, 3: self.three, 6: self.six}


@record
class AppPicture(Measured):
    """app-picture.json: memory for a JPEG of 100 megapixels."""

    made_by: ClassVar[str] = "python benchmarks/app.py --picture"

    machine: Machine
    megabytes: Builds[float]


@record
class AppFirst(Measured):
    """app-first.json: seconds from the tap on "Open the camera" to the first result, nothing cached, of each try."""

    made_by: ClassVar[str] = "python benchmarks/app.py --first"

    machine: Machine
    seconds: Builds[list[float]]
    model_hash: str | None = field(default=None, kw_only=True)


@record
class AppMemory(Measured):
    """app-memory.json: megabytes after each minute of video."""

    made_by: ClassVar[str] = "python benchmarks/app.py --memory"

    machine: Machine
    minutes: int
    megabytes: Builds[list[float]]


@record
class Flips:
    """Changes a second of the word and of the gate's line."""

    word: float
    gate: float


@record
class AppSteadiness(Measured):
    """app-steadiness.json, by camera."""

    made_by: ClassVar[str] = "python benchmarks/app_steadiness.py"

    seconds: int
    unit: str
    cores: int
    cameras: dict[str, Builds[Flips]]


@record
class RightBelow:
    """How often a model is right on the faces whose largest share lies below this one."""

    share: float
    faces: int
    right: float


@record
class Clarity:
    """One model: the most it gives a plain square, and how often it is right."""

    sha256: str
    plain_most: float
    right: float
    below: list[RightBelow]


@record
class AppClarity(Measured):
    """app-clarity.json; share: from which on the app names an expression."""

    made_by: ClassVar[str] = "python benchmarks/app_clarity.py"

    share: float
    faces: int
    models: dict[str, Clarity]


@record
class EngineTimes:
    """Milliseconds of each step by both engines, and how many times faster the native one is."""

    native: dict[str, float]
    webassembly: dict[str, float]
    times_faster: dict[str, float]


@record
class Turns:
    """Of all turns the median, and of the quickest tenth, which a busy machine disturbs less."""

    median: EngineTimes
    quickest_tenth: EngineTimes


@record
class AndroidSpeed(Measured):
    """android.json; ms: by model and by the number of faces; hashes: of the models, None in older files."""

    made_by: ClassVar[str] = "python benchmarks/android.py"

    machine: Machine
    rounds: int
    load: float
    ms: dict[str, dict[str, Turns]]
    hashes: dict[str, str] | None = field(default=None, kw_only=True)


@record
class AndroidDetectors(Measured):
    """android-detectors.json: the face detectors by both engines, and what that makes of a frame's time."""

    made_by: ClassVar[str] = "python benchmarks/android_detectors.py"

    onnxruntime: str
    rounds: int
    load: float
    ms: dict[str, dict[str, float]]
    frame_times_faster: dict[str, dict[str, dict[str, float]]]


@record
class AndroidInt8(Measured):
    """android-int8.json: the largest difference of a share between engines, by model and by pair of engines."""

    made_by: ClassVar[str] = "python benchmarks/android_int8.py"

    faces: int
    onnxruntime: dict[str, str]
    largest_difference: dict[str, dict[str, float]]


@record
class Rounding:
    """How far the answers of two engines lie apart."""

    largest: float
    median: float
    same_expression: float


@record
class Int8Rounding(Measured):
    """int8_rounding-MODEL.json; pairs: by the engines' names; model_hash: None in older files."""

    made_by: ClassVar[str] = "python benchmarks/int8_rounding.py"

    faces: int
    onnxruntime: str
    pairs: dict[str, Rounding]
    model_hash: str | None = field(default=None, kw_only=True)


@record
class TurnedFaces:
    """Portraits turned by half a turn."""

    pictures: int
    upright: Annotated[int, Field(alias="upright with it")]
    found_without_it: Annotated[int, Field(alias="found without it")]


@record
class StrangeFaces:
    """Pictures without faces in which one is found, with any rotation looked for and without."""

    pictures: int
    with_it: Annotated[int, Field(alias="with it")]
    without_it: Annotated[int, Field(alias="without it")]


@record
class Crowd:
    """Small faces that are found, with `small_faces` and without, and the seconds."""

    faces: int
    with_it: Annotated[int, Field(alias="with it")]
    without_it: Annotated[int, Field(alias="without it")]
    seconds_with_it: Annotated[float, Field(alias="seconds with it")]
    seconds_without_it: Annotated[float, Field(alias="seconds without it")]


@record
class CutFaces:
    """Accuracy on faces that were cut already, by how they are made square."""

    faces: int
    middle: float
    padded: float
    squeezed: float


@record
class InputKinds(Measured):
    """inputs.json."""

    made_by: ClassVar[str] = "python benchmarks/inputs.py"

    model: str
    model_hash: str
    turned: TurnedFaces
    strange: dict[str, StrangeFaces]
    crowd: dict[str, Crowd]
    cut: CutFaces


@record
class Fuzzed:
    """One kind of broken files; wrong: by the file's number."""

    files: int
    first: int
    outcomes: dict[str, int]
    wrong: dict[str, str]
    slowest: float
    peak_mb: float


@record
class Killed:
    """One kind of work that was killed again and again."""

    kills: int
    rounds: int
    wrong: list[str]


@record
class TrainingSpeed:
    """Training pictures a second."""

    network: str
    ours: float
    plain: float
    ratio: float


@record
class TrainingSpeeds(Measured):
    """training-cpu.json, training-gpu.json."""

    made_by: ClassVar[str] = "python benchmarks/training.py"

    pixels: int
    batch: int
    pictures: int
    mixing: str | None
    patch_drop: float
    precision: str
    rows: list[TrainingSpeed]


@record
class VideoSpeed:
    """A minute of 720p with three faces; model_hash: None in older files."""

    x_real_time: float
    cpu_seconds: float
    faces: int
    model_hash: str | None = None


@record
class Switches:
    """How often faces that cross change their numbers."""

    switches: int
    faces_seen: int


@record
class Workers:
    """An archive by two processes, and killed and gone on with."""

    pictures: int
    seconds_1_workers: float
    seconds_2_workers: float
    scaling: float
    parts_when_killed: int
    parts: int
    rows: int
    two_workers_same_rows: bool
    killed_and_resumed_same_rows: bool


@record
class FewerReadings:
    """What is told of a made clip's changing faces where they are read less often than in every frame.

    Attributes:
        faces: Of all frames together.
        other_expression: The share of them that another expression is named for.
        mean_difference, largest_difference: Of the smoothed probabilities, each face's largest.
        largest_share_difference: Of the expressions' shares over a face's whole stay.
        work: All cores' work, in parts of that for every frame.
    """

    faces: int
    other_expression: float
    mean_difference: float
    largest_difference: float
    largest_share_difference: float
    work: float
    model_hash: str


@record
class VideoRun(Taken):
    """`mien predict` on a video; megabytes: its peak."""

    megabytes: float


@record
class VideoBeside:
    """This build beside an earlier one; seconds: of the video; runs: medians, by model and what was asked for."""

    before: str
    rounds: int
    seconds: float
    model_hashes: dict[str, str]
    same_outputs: dict[str, bool]
    runs: dict[str, Builds[VideoRun]]


@record
class VideoMeasurements(Measured):
    """video.json: the parts that were measured; memory: megabytes by length, and their ratio.

    readings: by model and readings a second; beside: an earlier build.
    """

    made_by: ClassVar[str] = "python benchmarks/video.py"

    machine: str
    times: dict[str, float] | str | None = None
    speed: dict[str, VideoSpeed] | None = None
    memory: dict[str, float] | None = None
    numbers: dict[str, Switches] | None = None
    workers: Workers | None = None
    readings: dict[str, dict[str, FewerReadings]] | None = None
    beside: VideoBeside | None = None


@record
class ScaleAssumptions:
    """What the model of many machines takes for granted.

    Attributes:
        price_per_core_hour: In dollars.
        price_date: When that was the price.
        cores_a_node: Of a machine.
        storage_megabytes_a_second: That all machines together get from the storage they share.
        boot_seconds: Until a machine can work.
    """

    price_per_core_hour: float
    price_date: str
    cores_a_node: int
    storage_megabytes_a_second: float
    boot_seconds: float


@record
class ScaleKind:
    """A kind of pictures: what one takes of a core, measured, and its file's size, assumed."""

    core_ms: float
    kilobytes: float


@record
class ScaleRow:
    """So many machines, modelled.

    Attributes:
        nodes: How many.
        seconds: From the start of the machines to the last row.
        bound_by: What takes the longest: "cores", "storage", "collecting" (of the rows, by one process), "starting".
        price: Of all cores for that time, in dollars.
    """

    nodes: int
    seconds: float
    bound_by: Literal["cores", "storage", "collecting", "starting"]
    price: float


@record
class RayRun:
    """An archive over Ray by local workers; collecting_seconds: the work of the process that collects the rows."""

    workers: int
    pictures: int
    seconds: float
    collecting_seconds: float


@record
class Scale(Measured):
    """scale.json: a million pictures on many machines, modelled and not run, from constants that were measured.

    Attributes:
        machine: That drew it up.
        pictures: How many.
        model: Reads them.
        assumed: What is taken for granted.
        start_seconds: Of a worker, measured.
        kinds: By what the pictures are.
        modelled: By what the pictures are, a row a number of machines.
        collecting_ms: Of each picture, of the process that collects the rows; None where not measured.
        ray: What was run; None where nothing was.
    """

    made_by: ClassVar[str] = "python benchmarks/scale.py --price DOLLARS --price-date DATE"

    machine: str
    pictures: int
    model: str
    assumed: ScaleAssumptions
    start_seconds: float
    kinds: dict[str, ScaleKind]
    modelled: dict[str, list[ScaleRow]]
    collecting_ms: float | None = None
    ray: list[RayRun] | None = None


@record
class SoundPair:
    """A sound in a container; frames: "100 of 100"; seconds, apart: before and after."""

    frames: str
    seconds: list[float]
    apart: list[float | None]
    errors: int
    notes: list[str]
    good: bool


@record
class NotMade:
    """A pair that this machine's FFmpeg cannot make."""

    made: Literal[False]
    why: list[str]


@record
class MutantScore:
    """Small faults put into the code, and how many of them the tests notice.

    Attributes:
        mutants: How many there can be.
        tried: How many were tried.
        killed: How many of those the tests noticed.
        survived: Names of the others.
    """

    mutants: int
    tried: int
    killed: int
    survived: tuple[str, ...] = ()

    @property
    def share(self) -> float:
        """Killed of those that were tried."""
        return self.killed / self.tried


@record
class Mutants(Measured):
    """mutants-PACKAGE.json.

    Attributes:
        package: Of src/mien, or "web".
        files: The scores by file.
        sample: How many were drawn from all files together; None where all were tried.
    """

    made_by: ClassVar[str] = "python benchmarks/mutants.py"

    package: str
    files: dict[str, MutantScore]
    sample: int | None = None

    @property
    def total(self) -> MutantScore:
        """Of all files together."""
        scores = self.files.values()
        return MutantScore(
            mutants=sum(one.mutants for one in scores),
            tried=sum(one.tried for one in scores),
            killed=sum(one.killed for one in scores),
            survived=tuple(name for one in scores for name in one.survived),
        )


@record
class ServedKind:
    """One kind of request to the service: the status it should get, how many got it, and milliseconds to the answer."""

    status: int
    requests: int
    right: int
    p50_ms: float
    p95_ms: float


@record
class ServeLoad(Measured):
    """serve-load.json; lost: without an answer; wrong: with another than the right one or "come again"."""

    made_by: ClassVar[str] = "python benchmarks/serve_load.py"

    model: str
    model_hash: str
    requests: int
    clients: int
    requests_per_second: float
    kinds: dict[str, ServedKind]
    lost: int
    wrong: int
    longest_seconds: float
    limit_seconds: float
    burst: int
    burst_statuses: dict[str, int]
    megabytes_after_a_tenth: float
    megabytes_after_all: float
    deepface: NotRun


FUZZ = dict[str, Fuzzed]
"""fuzz.json, by kind."""
KILLS = dict[str, Killed]
"""kills.json, by work."""
SOUND = dict[str, SoundPair | NotMade]
"""video-sound.json, by pair."""


@record
class GateTime:
    """One model file's milliseconds a face with its gate and without it, and the bytes that the gate takes."""

    sha256: str
    with_ms: float
    without_ms: float
    size: int

    @property
    def share(self) -> float:
        """The gate's share of the model's own time."""
        return self.with_ms / self.without_ms - 1


@record
class GateTimes(Measured):
    """gate-time.json."""

    made_by: ClassVar[str] = "python benchmarks/gate_time.py"

    models: dict[str, GateTime]


@record
class Zoomed:
    """Accuracy where faces are cropped so close: in sets of photographs, and with FER+'s majority on PublicTest."""

    zoom: float
    elsewhere: dict[str, float]
    raters: float


@record
class ModelByZoom:
    """One model; `ships`: the zoom that its file asks for."""

    model_hash: str
    ships: float
    zooms: list[Zoomed]


@record
class Zooms(Measured):
    """zoom.json; `pictures`: of PublicTest, found again by the detector."""

    made_by: ClassVar[str] = "python benchmarks/zoom.py DATA WORLD"

    pictures: int
    models: dict[str, ModelByZoom]


@record
class Ingredient:
    """One short training: on PublicTest's labels, with FER+'s majority there, and in sets of photographs."""

    accuracy: float
    macro_f1: float
    raters: float
    elsewhere: dict[str, float]


@record
class Ingredients(Measured):
    """ingredients.json, a list of seeds for each recipe in recipes/ingredients/."""

    made_by: ClassVar[str] = "python benchmarks/ingredients.py DATA WORLD out/ingredients"

    recipes: dict[str, list[Ingredient]]
