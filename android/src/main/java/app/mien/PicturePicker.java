package app.mien;

import android.Manifest;
import android.app.Activity;
import android.content.ActivityNotFoundException;
import android.content.ClipData;
import android.content.Intent;
import android.content.pm.PackageManager;
import android.net.Uri;
import android.os.Handler;
import android.os.Looper;
import android.provider.MediaStore;
import android.webkit.ValueCallback;
import android.widget.Toast;
import java.io.File;
import java.util.function.Consumer;

/** The page's file input: a picture or a video from the gallery, or a picture that the phone's camera app takes now. */
final class PicturePicker {
    static final int REQUEST = 2;
    /** Milliseconds in which the page reads a picture that the camera app took; then its file is deleted. */
    static final long USE = 60_000;

    private final Activity activity;
    private final Consumer<Uri> spare;
    private final Handler later = new Handler(Looper.getMainLooper());
    private ValueCallback<Uri[]> waiting;

    /** @param spare takes the picture where nobody waits for it: Android took the page away while the user chose */
    PicturePicker(Activity activity, Consumer<Uri> spare) {
        this.activity = activity;
        this.spare = spare;
    }

    /**
     * Opens the choice; the callback hears of it exactly once, with null where nothing was chosen.
     *
     * @param types what may be chosen, such as "image/*" and "video/*"
     */
    void open(ValueCallback<Uri[]> callback, String... types) {
        finish(null);
        waiting = callback;
        Intent gallery = new Intent(Intent.ACTION_GET_CONTENT).addCategory(Intent.CATEGORY_OPENABLE);
        gallery.setType(types.length == 1 ? types[0] : "*/*").putExtra(Intent.EXTRA_MIME_TYPES, types);
        Intent choice = Intent.createChooser(gallery, activity.getString(R.string.choose_picture));
        forgetTaken();
        // Android lets an app that asks for the camera start the camera app only once it is allowed.
        if (activity.checkSelfPermission(Manifest.permission.CAMERA) == PackageManager.PERMISSION_GRANTED) {
            Intent camera = new Intent(MediaStore.ACTION_IMAGE_CAPTURE).putExtra(MediaStore.EXTRA_OUTPUT, PictureProvider.TAKEN);
            camera.setClipData(ClipData.newRawUri("", PictureProvider.TAKEN));
            camera.addFlags(Intent.FLAG_GRANT_WRITE_URI_PERMISSION | Intent.FLAG_GRANT_READ_URI_PERMISSION);
            choice.putExtra(Intent.EXTRA_INITIAL_INTENTS, new Intent[] {camera});
        }
        try {
            activity.startActivityForResult(choice, REQUEST);
        } catch (ActivityNotFoundException error) {
            Toast.makeText(activity, R.string.no_chooser, Toast.LENGTH_LONG).show();
            finish(null);
        }
    }

    /** What came back: a chosen picture's address, or none where the camera app has written its picture. */
    void chosen(int result, Intent data) {
        if (result != Activity.RESULT_OK) {
            finish(null);
            return;
        }
        Uri picture = data == null ? null : data.getData();
        // Another app may name any file, also this app's own: only what another's provider hands out is taken.
        if (picture != null && !GivenPicture.isHandedOut(picture)) picture = null;
        File taken = PictureProvider.taken(activity);
        if ((data == null || data.getData() == null) && taken.length() > 0) {
            picture = PictureProvider.TAKEN;
            later.postDelayed(this::forgetTaken, USE);
        }
        if (waiting == null && picture != null) spare.accept(picture);
        else finish(picture == null ? null : new Uri[] {picture});
    }

    /** Deletes what the camera app has taken. */
    void forgetTaken() {
        later.removeCallbacksAndMessages(null);
        PictureProvider.taken(activity).delete();
    }

    private void finish(Uri[] pictures) {
        ValueCallback<Uri[]> callback = waiting;
        waiting = null;
        if (callback != null) callback.onReceiveValue(pictures);
    }
}
