// Run in the page by GivenPicture.java: the picture that came to the app arrives as if it had been dropped on the page.
(async () => {
  const pause = (ms) => new Promise((done) => setTimeout(done, ms));
  // The page takes part in dragging once its screens are there.
  const ready = () => !document.dispatchEvent(new DragEvent("dragover", { cancelable: true }));
  for (let i = 0; !ready(); i++) {
    if (i === 300) return;
    await pause(100);
  }
  location.hash = "#camera";
  await pause(100);
  const answer = await fetch(new URL("given/picture", location.href));
  if (!answer.ok) return;
  const picture = await answer.blob();
  const data = new DataTransfer();
  data.items.add(new File([picture], "picture", { type: picture.type }));
  document.dispatchEvent(new DragEvent("drop", { dataTransfer: data, cancelable: true }));
})();
