package app.mien;

import android.app.Activity;
import android.os.Build;
import android.webkit.WebView;
import android.window.OnBackInvokedCallback;
import android.window.OnBackInvokedDispatcher;

/**
 * From Android 13 on: "back" is the page's as long as the page has somewhere to go back to, and the system's otherwise, so
 * that the system can show beforehand where it leads. Older phones call the Activity's onBackPressed.
 */
final class BackGesture {
    private final Activity activity;
    /** An OnBackInvokedCallback while the page has it; older phones lack the class. */
    private Object registered;

    BackGesture(Activity activity) {
        this.activity = activity;
    }

    /** The page has gone somewhere. */
    void follow(WebView page) {
        if (Build.VERSION.SDK_INT < 33) return;
        OnBackInvokedDispatcher dispatcher = activity.getOnBackInvokedDispatcher();
        boolean wanted = page != null && page.canGoBack();
        if (wanted && registered == null) {
            OnBackInvokedCallback callback = page::goBack;
            dispatcher.registerOnBackInvokedCallback(OnBackInvokedDispatcher.PRIORITY_DEFAULT, callback);
            registered = callback;
        } else if (!wanted && registered != null) {
            dispatcher.unregisterOnBackInvokedCallback((OnBackInvokedCallback) registered);
            registered = null;
        }
    }
}
