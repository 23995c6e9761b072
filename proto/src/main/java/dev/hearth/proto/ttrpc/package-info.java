/** The envelope of ttrpc, generated from {@code src/main/proto/hearth/ttrpc/v1}. */
package dev.hearth.proto.ttrpc;
