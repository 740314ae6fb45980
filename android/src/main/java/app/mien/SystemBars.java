package app.mien;

import android.app.Activity;
import android.content.res.Configuration;
import android.graphics.Insets;
import android.os.Build;
import android.view.View;
import android.view.Window;
import android.view.WindowInsets;
import android.view.WindowInsetsController;

/** From Android 15 on an app stands behind the system's bars; from Android 11 on this one does, and keeps its page clear of them. */
final class SystemBars {
    private SystemBars() {}

    /** Lets the app stand behind the bars, with the page within `frame` clear of them. */
    static void standBehind(Activity activity, View frame) {
        if (Build.VERSION.SDK_INT < 30) return; // there the system keeps the page clear of its bars
        activity.getWindow().setDecorFitsSystemWindows(false);
        frame.setOnApplyWindowInsetsListener((view, insets) -> {
            Insets kept = insets.getInsets(WindowInsets.Type.systemBars() | WindowInsets.Type.displayCutout() | WindowInsets.Type.ime());
            view.setPadding(kept.left, kept.top, kept.right, kept.bottom);
            return WindowInsets.CONSUMED;
        });
    }

    /** Takes the colours of the light or the dark phone. */
    @SuppressWarnings("deprecation") // Android 15 shows the ground through by itself; older ones need the colours
    static void colour(Activity activity) {
        Window window = activity.getWindow();
        int night = activity.getResources().getConfiguration().uiMode & Configuration.UI_MODE_NIGHT_MASK;
        boolean light = night != Configuration.UI_MODE_NIGHT_YES;
        window.setStatusBarColor(activity.getColor(R.color.ground));
        if (Build.VERSION.SDK_INT < 30) {
            View decor = window.getDecorView();
            int shown = decor.getSystemUiVisibility();
            int dark = View.SYSTEM_UI_FLAG_LIGHT_STATUS_BAR;
            decor.setSystemUiVisibility(light ? shown | dark : shown & ~dark);
            return;
        }
        int dark = WindowInsetsController.APPEARANCE_LIGHT_STATUS_BARS | WindowInsetsController.APPEARANCE_LIGHT_NAVIGATION_BARS;
        window.setNavigationBarColor(activity.getColor(R.color.ground));
        window.getInsetsController().setSystemBarsAppearance(light ? dark : 0, dark);
    }
}
