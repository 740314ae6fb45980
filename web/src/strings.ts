/** Every word the app says, in English. A translation is another file of this shape. */
import type { CameraFault } from "./camera/camera";
import type { Fault } from "./engine/protocol";

const CAMERA_FAULTS: Readonly<Record<CameraFault, { title: string; text: string }>> = {
  refused: {
    title: "The camera is not allowed",
    text: "Allow the camera for Mien: in a browser beside the page's address, in the Android app in the phone's settings. Then try again, or choose a picture instead.",
  },
  missing: {
    title: "No camera found",
    text: "Plug one in, or choose a picture instead.",
  },
  busy: {
    title: "The camera is in use",
    text: "Another app or page has it. Close that one, then try again.",
  },
  ended: {
    title: "The camera went away",
    text: "It was unplugged, or the system took it. Put it back, then try again.",
  },
  stalled: {
    title: "The camera sends no pictures",
    text: "It is open but silent. Try again, or use another camera.",
  },
  insecure: {
    title: "The camera needs a secure address",
    text: "Browsers give the camera only to pages on https or on this device itself (localhost).",
  },
  unknown: {
    title: "The camera did not start",
    text: "Try again, or choose a picture instead.",
  },
};

const FAULTS: Readonly<Record<Fault, string>> = {
  download: "The model could not be downloaded. Check the connection, then try again.",
  damaged: "The model that arrived is not the one this app was built with. Load the page again, or build the app again.",
  engine: "The model could not be run here. A newer browser, or an update of the phone's WebView, may help.",
};

/** How a face that shows a class is called; a class that is not here is called by its own name. */
const ADJECTIVES: Readonly<Record<string, string>> = {
  angry: "Angry",
  disgust: "Disgusted",
  fear: "Fearful",
  happy: "Happy",
  sad: "Sad",
  surprise: "Surprised",
  neutral: "Neutral",
};

const VIT_SMALL = { title: "ViT-small", text: "A larger vision transformer: slower, and needs a strong device." };
const MODEL_NAMES: Readonly<Record<string, { title: string; text: string }>> = {
  mobilenet_v2: { title: "MobileNetV2", text: "A small convolutional network, made for phones: the one to begin with." },
  vit_tiny: { title: "ViT-tiny", text: "A small vision transformer." },
  vit_small: VIT_SMALL,
  vit_small_dinov2: VIT_SMALL,
};

export const strings = {
  name: "Mien",
  tabs: { camera: "Camera", models: "Models", history: "History", about: "About" },
  navigation: "Screens",
  newVersion: "A new version is ready.",
  reload: "Load it",
  startFault: "The app could not start. Check the connection, then load the page again.",

  adjective: (name: string): string => ADJECTIVES[name] ?? name,
  modelTitle: (name: string): string => MODEL_NAMES[name]?.title ?? name,
  modelText: (name: string): string => MODEL_NAMES[name]?.text ?? "",
  percent: (share: number): string => `${Math.round(share * 100)}%`,

  welcome: {
    title: "What expression does a face show?",
    text: "Mien looks at faces in your camera or in a picture and says which of seven expressions each one shows.",
    claim: "An expression shown is not an emotion felt. Not for workplaces or schools.",
    notTitle: "What this is not",
    not: [
      "It does not know what anyone feels. People smile when they are sad, and frown when they think.",
      "It is not for use at work or in schools, and not for judging anyone. The European Union forbids inferring emotions there, save for medical and safety reasons.",
      "It is often wrong. Each model's measured accuracy stands beside it.",
    ],
    private: "Pictures stay on this device. Nothing is sent anywhere, and once a model is here it works without a connection.",
    permission: "You will be asked for the camera: it is used to look for faces while Mien is open, and for nothing else.",
    open: "Open the camera",
    choose: "Choose a picture",
  },

  camera: {
    heading: "Camera",
    asking: "Waiting for the camera …",
    askingHint: "If you are asked, allow the camera for Mien.",
    paused: "Paused while you were away",
    retry: "Try again",
    stop: "Stop the camera",
    flip: "Use the other camera",
    torchOn: "Turn the light on",
    torchOff: "Turn the light off",
    realTime: "Real time",
    realTimeHint: "Reads every frame",
    take: "Take a picture",
    noFace: "No face in sight",
    noFaceHint: "Hold a face in front of the camera, in good light.",
    off: "Real time is off",
    offHint: "Take a picture, or choose one.",
    moreFaces: (count: number): string => (count === 1 ? "and one more face" : `and ${count} more faces`),
    face: (id: number): string => `Face ${id}`,
    options: "Options",
    smooth: "Steady reading",
    smoothHint: "Averages each face over a moment",
    heat: "Heat map",
    heatHint: "Where in the face the model saw it",
    figures: "Speed figures",
    figuresHint: "Frames a second, milliseconds a step",
    saver: "Battery saver",
    saverHint: "Slower when nothing changes",
    figuresLine: (rate: number, steps: { grab: number; detect: number; crop: number; read: number }): string =>
      `${rate.toFixed(0)} frames/s · grab ${steps.grab.toFixed(1)} · find ${steps.detect.toFixed(1)} · ` +
      `crop ${steps.crop.toFixed(1)} · read ${steps.read.toFixed(1)} ms`,
    resting: "resting: nothing changes",
    picture: "Camera picture with the faces found in it",
    fault: (fault: CameraFault): { title: string; text: string } => CAMERA_FAULTS[fault],
  },

  verdict: {
    known: "A face like those the model knows",
    strange: "Unlike the faces the model knows: do not rely on it",
    none: "",
  },

  result: {
    heading: "Result",
    probabilities: "Share of each expression",
    announce: (expression: string, percent: string): string => `${expression}, ${percent}`,
    unclear: "No clear expression",
    note: "An expression shown, not an emotion felt.",
  },

  capture: {
    checking: "Looking at the picture …",
    accepted: (count: number): string => (count === 1 ? "One face found" : `${count} faces found`),
    refusedNoFace: "No face found",
    refusedNoFaceHint: "You can try all the same: the middle of the picture is then taken for a face.",
    refusedStrange: "Unlike the faces the model knows",
    refusedStrangeHint: "You can try all the same; do not rely on the answer.",
    noGate: "The models here bring no check for unusual faces.",
    detect: "Detect expression",
    detectAnyway: "Try all the same",
    someStrange: "In a dashed box: unlike the faces the model knows",
    reading: "Reading …",
    waiting: "The picture will be read when the model is here.",
    picture: "The picture, with the faces found in it",
    described: (faces: readonly string[]): string => `The picture, with the faces found in it: ${faces.join("; ")}`,
    refusedMark: "refused by the check, read all the same",
    save: "Save",
    share: "Share",
    back: "Back",
    broken: "This file is no picture that the browser can read. Choose a JPEG, PNG or WebP.",
    fileName: "mien.jpg",
    kept: "Kept in the history",
  },

  models: {
    heading: "Models",
    text: "Each model is downloaded when you first choose it, and then stays on this device.",
    textInApp: "The models are part of the app: choosing one needs no connection.",
    download: "Download",
    size: "Size",
    megabytes: (bytes: number): string => `${(bytes / 1e6).toFixed(1)} MB`,
    accuracy: "Accuracy",
    accuracyOn: (part: string): string => `of FER2013's ${part} pictures`,
    accuracyUnknown: "not measured",
    speed: "Speed here",
    milliseconds: (time: number): string => `${time < 10 ? time.toFixed(1) : time.toFixed(0)} ms a face`,
    speedUnknown: "not measured yet",
    measure: "Measure the speed",
    measureUnknown: "Download and measure the speed",
    measuring: "Measuring …",
    onDevice: "On this device",
    toDownload: "Not downloaded yet",
    inApp: "Part of the app",
    chosen: "In use",
    loading: (title: string): string => `Loading ${title}`,
    starting: (title: string): string => `Starting ${title} …`,
    progress: (loaded: number, all: number): string => `${(loaded / 1e6).toFixed(1)} of ${(all / 1e6).toFixed(1)} MB`,
    fault: (fault: Fault): string => FAULTS[fault],
    retry: "Try again",
    gate: (title: string): string => `Unusual faces are noticed with the help of ${title}, whichever model reads.`,
    noGate: "These models bring no check for unusual faces yet.",
    none: "No models were found. Build the app again with the model files in place.",
    change: (title: string): string => `${title}: change the model`,
  },

  history: {
    heading: "History",
    keep: "Keep a history",
    keepHint: "Off unless you turn it on. Pictures you read are then kept, on this device alone.",
    empty: "Nothing kept.",
    emptyHint: "Pictures that you read in the camera screen will stand here.",
    delete: "Delete",
    close: "Close",
    deleteAll: "Delete all",
    deleteQuestion: "Delete every picture in the history? They cannot be brought back.",
    deleteYes: "Delete all",
    deleteNo: "Keep them",
    unavailable: "This browser keeps nothing here (a private window, perhaps).",
    entry: (expression: string, time: string): string => `${expression}, ${time}`,
    noExpression: "No face",
    refused: "refused by the check",
  },

  about: {
    heading: "About",
    privacy: "Your pictures",
    privacyText:
      "Everything happens on this device. The page is not allowed to talk to any other server, and has none of its own to send pictures to.",
    how: "How it works",
    howText:
      "A first network finds faces. Each face is cut out, made grey and brought to 48 × 48 pixels. A second network, trained on the FER2013 collection, says how much it looks like each of seven expressions.",
    limits: "Where it errs",
    limitsText:
      "People themselves agree with the collection on only about two thirds of its pictures, least on fear and disgust. Profiles, covered faces and poor light make it harder. The collection says nothing of age, sex or skin colour, so how the error differs between people is not known.",
    licence: "Licence",
    licenceText: "Free software under the Apache License 2.0.",
    version: "Models",
  },
};
