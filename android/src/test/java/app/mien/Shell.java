package app.mien;

import android.content.Intent;
import android.content.pm.PackageInfo;
import android.os.Bundle;
import android.webkit.WebView;
import org.robolectric.Robolectric;
import org.robolectric.android.controller.ActivityController;
import org.robolectric.shadows.ShadowWebView;

/** The Activity with a WebView that does nothing: what is asked of it can be seen. */
final class Shell {
    private Shell() {}

    static ActivityController<MainActivity> start(Intent intent, Bundle state) {
        PackageInfo webView = new PackageInfo();
        webView.packageName = "com.google.android.webview";
        webView.versionName = "131.0.6778.39";
        ShadowWebView.setCurrentWebViewPackage(webView);
        ActivityController<MainActivity> shell = Robolectric.buildActivity(MainActivity.class, intent);
        return (state == null ? shell.create() : shell.create(state)).start().resume().visible();
    }

    static ActivityController<MainActivity> start() {
        return start(new Intent(Intent.ACTION_MAIN), null);
    }

    /** What the WebView does when a page has come. */
    static void loaded(WebView page, String address) {
        page.getWebViewClient().onPageStarted(page, address, null);
        page.getWebViewClient().doUpdateVisitedHistory(page, address, false);
        page.getWebViewClient().onPageFinished(page, address);
    }
}
