package app.mien;

import android.app.Activity;
import android.content.Intent;
import android.net.Uri;
import android.os.Bundle;
import android.webkit.WebView;
import android.widget.Toast;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;

/**
 * A picture (or a video) that comes to the page without the page's asking: shared by another app, chosen by a shortcut, or chosen for
 * a page that Android took away in the meantime. The page gets it as if it had been dropped there (res/raw/give.js).
 */
final class GivenPicture implements PageServer.Given {
    /** Under this address the page fetches it. */
    static final String PATH = "given/picture";
    private static final String KEPT = "given picture";

    private final Activity activity;
    /** Read on WebView's threads too. */
    private volatile Uri waiting;
    /** The address of the page that is there; empty while one is loading. */
    private String loaded = "";

    GivenPicture(Activity activity) {
        this.activity = activity;
    }

    /** The picture that an app shares, or null; a file's path is never taken, as it could be one of this app's own. */
    @SuppressWarnings("deprecation") // its successor is newer than the oldest phone this app is for
    static Uri shared(Intent intent) {
        if (!Intent.ACTION_SEND.equals(intent.getAction())) return null;
        Object stream = intent.getExtras() == null ? null : intent.getExtras().get(Intent.EXTRA_STREAM);
        return stream instanceof Uri && isHandedOut((Uri) stream) ? (Uri) stream : null;
    }

    /** Whether another app's provider hands it out. */
    static boolean isHandedOut(Uri picture) {
        return "content".equals(picture.getScheme()) && !PictureProvider.TAKEN.getAuthority().equals(picture.getAuthority());
    }

    /** Keeps the picture for the page, and gives it as soon as the page is there. */
    void give(Uri picture, WebView page) {
        waiting = picture;
        if (!loaded.isEmpty() && !loaded.startsWith(PageServer.START)) page.loadUrl(PageServer.START);
        else deliver(page);
    }

    /** The page at an address is there, or (an empty one) is being left. */
    void follow(WebView page, String address) {
        loaded = address;
        deliver(page);
    }

    /** The page's part fetches `PATH`. */
    private void deliver(WebView page) {
        if (waiting == null || !loaded.startsWith(PageServer.START)) return;
        try (InputStream script = activity.getResources().openRawResource(R.raw.give)) {
            page.evaluateJavascript(new String(Streams.bytes(script), StandardCharsets.UTF_8), null);
        } catch (IOException error) {
            throw new IllegalStateException(error);
        }
    }

    /** The picture's bytes, once; IOException where there is none, or the other app hands it out no more. */
    @Override
    public InputStream open() throws IOException {
        Uri picture = waiting;
        waiting = null;
        if (picture == null) throw new FileNotFoundException(PATH);
        try {
            InputStream bytes = activity.getContentResolver().openInputStream(picture);
            if (bytes == null) throw new FileNotFoundException(picture.toString());
            return bytes;
        } catch (IOException | RuntimeException error) { // a provider of another app may throw anything
            activity.runOnUiThread(() -> Toast.makeText(activity, R.string.not_opened, Toast.LENGTH_LONG).show());
            throw new IOException(error);
        }
    }

    /** The type of the picture that is waiting, such as "image/jpeg"; a general one where its provider names none of use. */
    @Override
    public String type() {
        Uri picture = waiting;
        String type = null;
        try {
            if (picture != null) type = activity.getContentResolver().getType(picture);
        } catch (RuntimeException error) {
            // a provider of another app may throw anything; opening it will tell
        }
        return type != null && type.matches("(image|video)/[a-z0-9.+-]{1,40}") ? type : "application/octet-stream";
    }

    void save(Bundle state) {
        state.putParcelable(KEPT, waiting);
    }

    @SuppressWarnings("deprecation") // as above
    void restore(Bundle state) {
        waiting = state.getParcelable(KEPT);
    }
}
