"""The draughtsman: Sketch-RNN (Ha & Eck 2017), drawing stroke by stroke."""
