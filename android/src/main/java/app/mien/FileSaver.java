package app.mien;

import android.app.Activity;
import android.content.ActivityNotFoundException;
import android.content.Context;
import android.content.Intent;
import android.net.Uri;
import android.webkit.JavascriptInterface;
import android.widget.Toast;
import java.io.File;
import java.io.FileInputStream;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.util.Base64;
import java.util.Map;
import java.util.regex.Pattern;

/** The page's way to save a file, which a WebView lacks; the user says where, so no permission is needed. */
final class FileSaver {
    static final int REQUEST = 3;
    /** Characters of Base64, at most: a file of 24 MB. */
    static final int LONGEST = 32 << 20;
    private static final Pattern NAME = Pattern.compile("[A-Za-z0-9_-]{1,64}\\.(jpg|csv|mp4|webm)");
    private static final Map<String, String> TYPES =
            Map.of("jpg", "image/jpeg", "csv", "text/csv", "mp4", "video/mp4", "webm", "video/webm");

    private final Activity activity;

    FileSaver(Activity activity) {
        this.activity = activity;
    }

    /** What is to be saved while the user says where: on disk, as Android may take the app away in the meantime. */
    static File waiting(Context context) {
        return new File(context.getCacheDir(), "saving");
    }

    /** Called by the page, on a thread of WebView's; false where the file is refused, of which the user is told. */
    @JavascriptInterface
    public boolean save(String name, String base64) {
        if (base64 != null && base64.length() > LONGEST) return refuse(R.string.too_large);
        if (name == null || base64 == null || !NAME.matcher(name).matches()) return refuse(R.string.not_saved);
        try (OutputStream file = new FileOutputStream(waiting(activity))) {
            file.write(Base64.getDecoder().decode(base64));
        } catch (IllegalArgumentException | IOException error) {
            return refuse(R.string.not_saved);
        }
        activity.runOnUiThread(() -> askWhere(name));
        return true;
    }

    private boolean refuse(int why) {
        waiting(activity).delete();
        activity.runOnUiThread(() -> say(why));
        return false;
    }

    private void askWhere(String name) {
        Intent where = new Intent(Intent.ACTION_CREATE_DOCUMENT).addCategory(Intent.CATEGORY_OPENABLE);
        where.setType(TYPES.get(name.substring(name.lastIndexOf('.') + 1)));
        try {
            activity.startActivityForResult(where.putExtra(Intent.EXTRA_TITLE, name), REQUEST);
        } catch (ActivityNotFoundException error) {
            refuse(R.string.not_saved);
        }
    }

    /** Where the user wants it; nothing is said where they changed their mind. */
    void chosen(int result, Intent data) {
        File file = waiting(activity);
        Uri place = data == null ? null : data.getData();
        if (result == Activity.RESULT_OK && place != null) say(copy(file, place) ? R.string.saved : R.string.not_saved);
        file.delete();
    }

    private boolean copy(File file, Uri place) {
        try (InputStream from = new FileInputStream(file);
                OutputStream to = activity.getContentResolver().openOutputStream(place)) {
            if (to == null) return false;
            Streams.copy(from, to);
            return true;
        } catch (IOException | RuntimeException error) { // a provider of another app may throw anything
            return false;
        }
    }

    private void say(int text) {
        Toast.makeText(activity, text, Toast.LENGTH_LONG).show();
    }
}
