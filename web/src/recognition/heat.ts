/** How strongly each place of the map speaks for one class: in [0, 1], its scores above their mean (as in Python). */
export function heat(map: Float32Array, classIndex: number, places: number): Float32Array {
  const scores = map.subarray(classIndex * places, (classIndex + 1) * places);
  const mean = scores.reduce((sum, score) => sum + score, 0) / places;
  const most = Math.max(...scores.map((score) => score - mean), 1e-9);
  return scores.map((score) => Math.max(score - mean, 0) / most);
}
