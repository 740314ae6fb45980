package app.mien;

import android.Manifest;
import android.app.Activity;
import android.content.ActivityNotFoundException;
import android.content.ClipData;
import android.content.Intent;
import android.content.pm.PackageManager;
import android.net.Uri;
import android.provider.MediaStore;
import android.webkit.ValueCallback;
import android.widget.Toast;
import java.io.File;

/** The page's file input: a picture from the gallery, or one that the phone's camera app takes now. */
final class PicturePicker {
    static final int REQUEST = 2;

    private final Activity activity;
    private ValueCallback<Uri[]> waiting;

    PicturePicker(Activity activity) {
        this.activity = activity;
    }

    /** Opens the choice; the callback hears of it exactly once, with null where nothing was chosen. */
    void open(ValueCallback<Uri[]> callback) {
        finish(null);
        waiting = callback;
        Intent gallery = new Intent(Intent.ACTION_GET_CONTENT).addCategory(Intent.CATEGORY_OPENABLE).setType("image/*");
        Intent choice = Intent.createChooser(gallery, activity.getString(R.string.choose_picture));
        PictureProvider.taken(activity).delete();
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
        File taken = PictureProvider.taken(activity);
        if (picture == null && taken.length() > 0) picture = PictureProvider.TAKEN;
        // Another app may name any file, also this app's own: only what a provider hands out is taken.
        boolean handedOut = picture != null && "content".equals(picture.getScheme());
        finish(handedOut ? new Uri[] {picture} : null);
    }

    private void finish(Uri[] pictures) {
        ValueCallback<Uri[]> callback = waiting;
        waiting = null;
        if (callback != null) callback.onReceiveValue(pictures);
    }
}
