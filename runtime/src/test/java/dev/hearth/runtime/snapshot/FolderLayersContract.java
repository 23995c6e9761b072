package dev.hearth.runtime.snapshot;

final class FolderLayersContract extends LayersContract {
  @Override
  LayerFormat format() {
    return LayerFormat.FOLDER;
  }
}
