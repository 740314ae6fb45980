package app.mien;

import android.Manifest;
import android.app.Activity;
import android.app.AlertDialog;
import android.content.Intent;
import android.content.SharedPreferences;
import android.content.pm.PackageManager;
import android.net.Uri;
import android.provider.Settings;
import android.webkit.PermissionRequest;
import java.util.Arrays;

/** The camera is asked for when the page asks for it, and only for that. */
final class CameraPermission {
    static final int REQUEST = 1;
    private static final String REFUSED = "camera refused";

    private final Activity activity;
    private PermissionRequest waiting;

    CameraPermission(Activity activity) {
        this.activity = activity;
    }

    /** The page's wish: granted at once, refused at once, or kept until the user has answered. */
    void ask(PermissionRequest request) {
        boolean cameraAlone = Arrays.equals(request.getResources(), new String[] {PermissionRequest.RESOURCE_VIDEO_CAPTURE});
        if (!cameraAlone || !PageServer.isOwn(request.getOrigin())) {
            request.deny();
            return;
        }
        if (activity.checkSelfPermission(Manifest.permission.CAMERA) == PackageManager.PERMISSION_GRANTED) {
            request.grant(request.getResources());
            return;
        }
        if (waiting != null) waiting.deny();
        waiting = request;
        activity.requestPermissions(new String[] {Manifest.permission.CAMERA}, REQUEST);
    }

    /** The page has given up its wish. */
    void cancel(PermissionRequest request) {
        if (waiting == request) waiting = null;
    }

    /** The user's answer; an empty one where the question was broken off. */
    void answered(int[] results) {
        PermissionRequest request = waiting;
        waiting = null;
        boolean granted = results.length > 0 && results[0] == PackageManager.PERMISSION_GRANTED;
        if (request != null) {
            if (granted) request.grant(request.getResources());
            else request.deny();
        }
        if (granted || results.length == 0) return;
        SharedPreferences kept = activity.getPreferences(Activity.MODE_PRIVATE);
        // Android asks no more once it wants no reason after an earlier refusal: only its settings help then.
        if (activity.shouldShowRequestPermissionRationale(Manifest.permission.CAMERA)) {
            kept.edit().putBoolean(REFUSED, true).apply();
        } else if (kept.getBoolean(REFUSED, false)) {
            offerSettings();
        }
    }

    private void offerSettings() {
        new AlertDialog.Builder(activity)
                .setTitle(R.string.camera_off_title)
                .setMessage(R.string.camera_off_text)
                .setPositiveButton(R.string.open_settings, (dialog, which) -> activity.startActivity(new Intent(
                        Settings.ACTION_APPLICATION_DETAILS_SETTINGS, Uri.fromParts("package", activity.getPackageName(), null))))
                .setNegativeButton(R.string.not_now, null)
                .show();
    }
}
