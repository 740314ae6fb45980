package app.mien;

import android.app.Activity;
import android.content.pm.PackageInfo;
import android.webkit.WebView;
import android.widget.TextView;

/** Whether the phone has a WebView that the page runs in; and the words that say what to do where it has not. */
final class WebViewCheck {
    /** The oldest one that the page's build is for: Vite's "baseline widely available". */
    static final int OLDEST = 111;

    private WebViewCheck() {}

    /** Whether the phone has one that is new enough. */
    static boolean isNewEnough() {
        PackageInfo present = WebView.getCurrentWebViewPackage();
        return present != null && isRecent(present.versionName);
    }

    /** Whether a version such as "131.0.6778.39" is new enough; a phone may not know it, and give null. */
    static boolean isRecent(String version) {
        if (version == null) return false;
        try {
            return Integer.parseInt(version.split("\\.")[0]) >= OLDEST;
        } catch (NumberFormatException error) {
            return false;
        }
    }

    static TextView words(Activity activity) {
        int space = Math.round(24 * activity.getResources().getDisplayMetrics().density);
        TextView words = new TextView(activity);
        words.setText(activity.getString(R.string.old_title) + "\n\n" + activity.getString(R.string.old_text));
        words.setTextColor(activity.getColor(R.color.ink));
        words.setTextSize(18);
        words.setPadding(space, space, space, space);
        words.setTextIsSelectable(true);
        return words;
    }
}
