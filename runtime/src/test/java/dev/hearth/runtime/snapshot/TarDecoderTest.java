package dev.hearth.runtime.snapshot;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.hearth.runtime.model.Sha256;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import org.junit.jupiter.api.Test;

final class TarDecoderTest {
  private static void refuses(byte[] archive, String message) {
    assertThatThrownBy(() -> Archives.entries(archive))
        .isInstanceOf(LayerException.class)
        .hasMessageContaining(message);
  }

  @Test
  void readsEveryKindOfEntry() throws Exception {
    byte[] archive =
        new TarBytes()
            .owner(1, 2)
            .mtime(3)
            .dir("d/")
            .file("d/f", "content")
            .symlink("s", "d/f")
            .hardLink("h", "d/f")
            .device("c", '3', 1, 3)
            .device("b", '4', 4095, 1048575)
            .fifo("p")
            .end();
    assertThat(Archives.entries(archive))
        .containsExactly(
            "dir d/ 755 1:2 3",
            "file d/f 644 1:2 3 7 content",
            "symlink s 644 1:2 3 -> d/f",
            "link h = d/f",
            "char c 1:3",
            "block b 4095:1048575",
            "fifo p");
  }

  @Test
  void joinsThePrefixOfUstarAndOfStarButNotOfGnu() throws Exception {
    assertThat(Archives.entries(prefixed("ustar\00000", "")))
        .containsExactly("file pre/n 0 0:0 0 0 ");
    assertThat(Archives.entries(prefixed("ustar\00000", "tar\0")))
        .containsExactly("file pre/n 0 0:0 0 0 ");
    assertThat(Archives.entries(prefixed("ustar  \0", ""))).containsExactly("file n 0 0:0 0 0 ");
  }

  private static byte[] prefixed(String magic, String trailer) {
    byte[] block = new byte[512];
    TarBytes.put(block, 0, "n");
    block[156] = '0';
    TarBytes.put(block, 257, magic);
    TarBytes.put(block, 345, "pre");
    TarBytes.put(block, 508, trailer);
    return new TarBytes().raw(TarBytes.sum(block)).end();
  }

  @Test
  void prefersGnuLongNamesOverPaxOverTheHeader() throws Exception {
    String gnu = "g".repeat(300);
    byte[] archive =
        new TarBytes()
            .pax("path", "pax", "linkpath", "pax-target")
            .symlink("header", "target")
            .extension('L', TarBytes.bytes(gnu + "\0"))
            .extension('K', TarBytes.bytes("gnu-target\0"))
            .pax("path", "pax", "linkpath", "pax-target")
            .symlink("header", "target")
            .symlink("header", "target")
            .end();
    assertThat(Archives.entries(archive))
        .containsExactly(
            "symlink pax 644 0:0 0 -> pax-target",
            "symlink " + gnu.substring(0, 200) + "… 644 0:0 0 -> gnu-target",
            "symlink header 644 0:0 0 -> target");
  }

  @Test
  void readsNumbersOfPaxAndOfBase256() throws Exception {
    byte[] block = new byte[512];
    TarBytes.put(block, 0, "n");
    block[108] = (byte) 0x80;
    block[112] = (byte) 0xEE; // uid 0xEE000000
    Arrays.fill(block, 136, 148, (byte) 0xFF); // mtime -1
    block[147] = (byte) 0xFE;
    block[156] = '5';
    byte[] archive =
        new TarBytes()
            .raw(TarBytes.sum(block))
            .pax("uid", "4294967294", "gid", "70000", "mtime", "-1.25", "size", "2")
            .header("f", '0', 0)
            .content(TarBytes.bytes("ab"))
            .pax("mtime", "1700000000.1234567899")
            .dir("d")
            .end();
    assertThat(Archives.entries(archive))
        .containsExactly(
            "dir n 0 3992977408:0 -2",
            "file f 644 4294967294:70000 -2+750000000 2 ab",
            "dir d 755 0:0 1700000000+123456789");
  }

  @Test
  void keepsAttributeValuesOfAnyBytes() throws Exception {
    byte[] archive =
        new TarBytes()
            .pax("SCHILY.xattr.security.capability", new byte[] {1, 0, 0, 2, -128, '\n', '=', 0})
            .file("f", "")
            .pax("SCHILY.xattr.user.a=b", new byte[0])
            .file("g", "")
            .end();
    assertThat(Archives.entries(archive))
        .containsExactly(
            "file f 644 0:0 0 security.capability=01000002800a3d00 0 ",
            "file g 644 0:0 0 user.a=623d 0 ");
  }

  @Test
  void readsOldDirectoriesAndContiguousFiles() throws Exception {
    byte[] archive =
        new TarBytes()
            .magic("")
            .header("old/", '\0', 0)
            .header("file", '\0', 0)
            .header("contiguous", '7', 0)
            .end();
    assertThat(Archives.entries(archive))
        .containsExactly(
            "dir old/ 644 0:0 0", "file file 644 0:0 0 0 ", "file contiguous 644 0:0 0 0 ");
  }

  @Test
  void takesNoContentFromLinksAndDirectoriesWhateverTheirSize() throws Exception {
    byte[] archive =
        new TarBytes().header("h", '1', 99).header("d", '5', 99).file("after", "x").end();
    assertThat(Archives.entries(archive)).hasSize(3).last().asString().startsWith("file after");
  }

  @Test
  void passesOverGlobalHeaders() throws Exception {
    byte[] archive =
        new TarBytes().extension('g', TarBytes.bytes("16 path=ignored\n")).file("named", "x").end();
    assertThat(Archives.entries(archive)).containsExactly("file named 644 0:0 0 1 x");
  }

  @Test
  void readsSparseFilesOfTheOldKind() throws Exception {
    byte[] block = new byte[512];
    TarBytes.put(block, 0, "s");
    TarBytes.put(block, 124, "%011o".formatted(1024 + 3));
    block[156] = 'S';
    TarBytes.put(block, 257, "ustar  \0");
    String region = "%011o\0";
    TarBytes.put(block, 386, (region + region).formatted(10, 512));
    TarBytes.put(block, 410, (region + region).formatted(1000, 512));
    block[482] = 1;
    TarBytes.put(block, 483, "%011o".formatted(3000));
    byte[] more = new byte[512];
    TarBytes.put(more, 0, (region + region).formatted(2000, 3));
    byte[] content = TarBytes.bytes("a".repeat(512) + "b".repeat(512) + "end");
    byte[] archive =
        new TarBytes().raw(TarBytes.sum(block)).raw(more).content(content).file("n", "x").end();
    assertThat(Archives.entries(archive))
        .containsExactly(
            "file s 0 0:0 0 3000 <10>"
                + "a".repeat(512)
                + "<478>"
                + "b".repeat(512)
                + "<488>end<997>",
            "file n 644 0:0 0 1 x");
  }

  @Test
  void readsSparseFilesOfAllPaxKinds() throws Exception {
    byte[] map = Arrays.copyOf(TarBytes.bytes("2\n5\n2\n20\n1\n"), 512);
    var content = new ByteArrayOutputStream();
    content.writeBytes(map);
    content.writeBytes(TarBytes.bytes("abc"));
    byte[] archive =
        new TarBytes()
            .pax(
                "GNU.sparse.size", "30",
                "GNU.sparse.numblocks", "2",
                "GNU.sparse.offset", "5",
                "GNU.sparse.numbytes", "2",
                "GNU.sparse.offset", "20",
                "GNU.sparse.numbytes", "1")
            .file("zero", "abc")
            .pax(
                "GNU.sparse.size", "30",
                "GNU.sparse.map", "5,2,20,1",
                "GNU.sparse.name", "one")
            .file("x", "abc")
            .pax(
                "GNU.sparse.major", "1",
                "GNU.sparse.minor", "0",
                "GNU.sparse.name", "two",
                "GNU.sparse.realsize", "30")
            .file("x", content.toByteArray())
            .end();
    assertThat(Archives.entries(archive))
        .containsExactly(
            "file zero 644 0:0 0 30 <5>ab<13>c<9>",
            "file one 644 0:0 0 30 <5>ab<13>c<9>",
            "file two 644 0:0 0 30 <5>ab<13>c<9>");
  }

  @Test
  void refusesSparseFilesThatContradictThemselves() {
    String[][] cases = {
      {"GNU.sparse.size", "30", "GNU.sparse.map", "5,2,6,1"},
      {"GNU.sparse.size", "30", "GNU.sparse.map", "5,2"},
      {"GNU.sparse.size", "30", "GNU.sparse.map", "5,2,20"},
      {"GNU.sparse.size", "30", "GNU.sparse.map", "5,2,,1"},
      {"GNU.sparse.size", "20", "GNU.sparse.map", "5,2,20,1"},
      {"GNU.sparse.map", "5,2,20,1"},
      {"GNU.sparse.size", "30", "GNU.sparse.map", "999999999999999999999,3"},
      {"GNU.sparse.size", "30", "GNU.sparse.offset", "5", "GNU.sparse.offset", "5"},
      {"GNU.sparse.major", "1", "GNU.sparse.minor", "0", "GNU.sparse.realsize", "9"},
      {"GNU.sparse.major", "2", "GNU.sparse.minor", "0", "GNU.sparse.realsize", "9"},
    };
    for (String[] pairs : cases) {
      byte[] archive = new TarBytes().pax(pairs).file("x", "abc").end();
      assertThatThrownBy(() -> Archives.entries(archive))
          .as(String.join(" ", pairs))
          .isInstanceOf(LayerException.class);
    }
  }

  @Test
  void saysWhereAnArchiveIsCutOff() throws Exception {
    byte[] archive = new TarBytes().pax("path", "p").file("f", "content").dir("d").withoutEnd();
    assertThat(Archives.entries(archive)).hasSize(2);
    for (int length = 1; length < archive.length; length++) {
      if (length == 2048) {
        continue; // between two entries, where the end may be missing
      }
      byte[] cut = Arrays.copyOf(archive, length);
      assertThatThrownBy(() -> Archives.entries(cut))
          .as("cut at " + cut.length)
          .isInstanceOf(LayerException.class)
          .hasMessageContaining("ends");
    }
  }

  @Test
  void digestsWhatFollowsTheEnd() throws Exception {
    byte[] archive = new TarBytes().file("f", "x").raw(new byte[1024]).raw(new byte[] {1, 2}).end();
    var reader = Archives.reader(archive, 100);
    var decoder = new TarDecoder(reader, LayerLimits.DEFAULT);
    assertThat(decoder.next()).isNotNull();
    assertThat(decoder.next()).isNull();
    assertThat(reader.bytes()).isEqualTo(archive.length);
    assertThat(reader.digest()).isEqualTo(Sha256.of(archive));
  }

  @Test
  void refusesWhatIsNoArchive() {
    refuses(TarBytes.bytes("x".repeat(512)), "not a tar header");
    refuses(new TarBytes().raw(new byte[512]).file("f", "x").end(), "one block of zeros");
    refuses(new TarBytes().header("f", 'M', 0).end(), "'M'");
    refuses(new TarBytes().header("f", '\1', 0).end(), "0x1");
    refuses(new TarBytes().pax("uid", "-1").file("f", "").end(), "uid is no number");
    refuses(new TarBytes().pax("uid", "4294967295").file("f", "").end(), "no such uid");
    refuses(new TarBytes().pax("mtime", "1.x").file("f", "").end(), "mtime");
    refuses(new TarBytes().device("n", '3', 4096, 0).end(), "device number");
    refuses(new TarBytes().pax("path", "p").end(), "ends after an extension");
  }

  @Test
  void refusesBrokenExtensionRecords() {
    for (String records :
        new String[] {
          "path=x\n",
          "5 a=b",
          "6 a=b\nx",
          "0 a=b\n",
          "999999999999999999999 a=b\n",
          "6 =ab\n",
          "4 a\n",
          "3 \n",
          "6 abc\n",
          "7 a=bcd"
        }) {
      byte[] archive = new TarBytes().extension('x', TarBytes.bytes(records)).file("f", "").end();
      assertThatThrownBy(() -> Archives.entries(archive))
          .as(records)
          .isInstanceOf(LayerException.class)
          .hasMessageContaining("extended header");
    }
  }

  @Test
  void boundsExtensionHeaders() {
    refuses(new TarBytes().header("x", 'x', (1 << 20) + 1).end(), "at most 1048576");
    refuses(new TarBytes().header("x", 'L', 07777777777L).end(), "at most 1048576");
  }

  @Test
  void namesTheEntryInItsMessages() {
    byte[] archive =
        new TarBytes().file("first", "").pax("path", "a/bad\001one").header("x", '9', 0).end();
    refuses(archive, "layer archive, entry 2 (a/bad?one): entries of type '9'");
  }

  @Test
  void refusesNumbersThatAreNone() {
    byte[] block = new byte[512];
    TarBytes.put(block, 0, "n");
    TarBytes.put(block, 124, "12x4");
    block[156] = '0';
    refuses(new TarBytes().raw(TarBytes.sum(block)).end(), "size is no octal number");
    Arrays.fill(block, 124, 136, (byte) 0xFF);
    refuses(new TarBytes().raw(TarBytes.sum(block)).end(), "negative size");
    Arrays.fill(block, 124, 136, (byte) 0x7F);
    block[124] = (byte) 0x80;
    refuses(new TarBytes().raw(TarBytes.sum(block)).end(), "64 bits");
  }

  @Test
  void keepsNamesThatAreNoText() {
    byte[] bytes = {'a', (byte) 0xFF, 'b', (byte) 0xC3, (byte) 0xA4, (byte) 0xE2, (byte) 0x82};
    assertThat(RawBytes.of(bytes).text()).isEqualTo("a\uDCFFb\u00E4\uDCE2\uDC82");
    assertThat(RawBytes.of("ä".getBytes(StandardCharsets.UTF_8)).text()).isEqualTo("ä");
  }
}
