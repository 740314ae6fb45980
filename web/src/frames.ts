/** Calls `arrived` with every new picture of a video. */
export function onFrames(video: HTMLVideoElement, arrived: () => void): void {
  if ("requestVideoFrameCallback" in video) {
    const next = (): void => {
      arrived();
      video.requestVideoFrameCallback(next);
    };
    video.requestVideoFrameCallback(next);
    return;
  }
  const element: HTMLVideoElement = video;
  let last = -1;
  const look = (): void => {
    if (element.currentTime !== last) {
      last = element.currentTime;
      arrived();
    }
    requestAnimationFrame(look);
  };
  requestAnimationFrame(look);
}
