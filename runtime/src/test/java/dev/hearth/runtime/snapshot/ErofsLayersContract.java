package dev.hearth.runtime.snapshot;

final class ErofsLayersContract extends LayersContract {
  @Override
  LayerFormat format() {
    return LayerFormat.EROFS;
  }
}
