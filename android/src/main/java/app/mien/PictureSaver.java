package app.mien;

import android.app.Activity;
import android.content.ActivityNotFoundException;
import android.content.Intent;
import android.net.Uri;
import android.webkit.JavascriptInterface;
import android.widget.Toast;
import java.io.IOException;
import java.io.OutputStream;
import java.util.Base64;

/** The page's way to save a picture, which a WebView lacks; the user says where, so no permission is needed. */
final class PictureSaver {
    static final int REQUEST = 3;
    /** Characters of Base64, at most: a JPEG of 24 MB. */
    static final int LONGEST = 32 << 20;

    private final Activity activity;
    private byte[] waiting;

    PictureSaver(Activity activity) {
        this.activity = activity;
    }

    /** Called by the page, on a thread of WebView's; false where the picture is refused. */
    @JavascriptInterface
    public boolean save(String name, String base64) {
        if (name == null || base64 == null || base64.length() > LONGEST || !name.matches("[A-Za-z0-9_-]{1,64}\\.jpg")) return false;
        byte[] picture;
        try {
            picture = Base64.getDecoder().decode(base64);
        } catch (IllegalArgumentException error) {
            return false;
        }
        activity.runOnUiThread(() -> askWhere(name, picture));
        return true;
    }

    private void askWhere(String name, byte[] picture) {
        waiting = picture;
        Intent where = new Intent(Intent.ACTION_CREATE_DOCUMENT).addCategory(Intent.CATEGORY_OPENABLE).setType("image/jpeg");
        try {
            activity.startActivityForResult(where.putExtra(Intent.EXTRA_TITLE, name), REQUEST);
        } catch (ActivityNotFoundException error) {
            say(R.string.not_saved);
        }
    }

    /** Where the user wants it; nothing is said where they changed their mind. */
    void chosen(int result, Intent data) {
        byte[] picture = waiting;
        waiting = null;
        Uri place = data == null ? null : data.getData();
        if (result != Activity.RESULT_OK || place == null || picture == null) return;
        try (OutputStream file = activity.getContentResolver().openOutputStream(place)) {
            file.write(picture);
            say(R.string.saved);
        } catch (IOException | SecurityException | NullPointerException error) {
            say(R.string.not_saved);
        }
    }

    private void say(int text) {
        Toast.makeText(activity, text, Toast.LENGTH_SHORT).show();
    }
}
