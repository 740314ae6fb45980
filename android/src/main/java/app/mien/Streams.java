package app.mien;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;

/** What streams learned to do by themselves only in Android 13. */
final class Streams {
    private Streams() {}

    static void copy(InputStream from, OutputStream to) throws IOException {
        byte[] part = new byte[1 << 16];
        for (int length; (length = from.read(part)) > 0; ) to.write(part, 0, length);
    }

    static byte[] bytes(InputStream from) throws IOException {
        ByteArrayOutputStream all = new ByteArrayOutputStream(Math.max(from.available(), 1 << 12));
        copy(from, all);
        return all.toByteArray();
    }
}
