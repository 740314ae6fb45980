package app.mien;

import static org.junit.Assert.assertEquals;
import static org.junit.Assert.assertFalse;
import static org.junit.Assert.assertTrue;
import static org.robolectric.Shadows.shadowOf;

import android.content.res.Configuration;
import android.view.View;
import android.webkit.WebView;
import org.junit.Test;
import org.junit.runner.RunWith;
import org.robolectric.RobolectricTestRunner;
import org.robolectric.annotation.Config;

/** On the oldest Android that the app is for, which lacks the back gesture's classes and those of the bars. */
@RunWith(RobolectricTestRunner.class)
@Config(sdk = 26)
public class OldPhoneTest {
    @Test
    @SuppressWarnings("deprecation")
    public void theAppStartsAndBackIsThePagesUntilItIsAtItsStart() {
        MainActivity activity = Shell.start().get();
        WebView page = activity.page();
        shadowOf(page).setCanGoBack(true);
        Shell.loaded(page, PageServer.START + "#models");
        activity.onBackPressed();
        assertEquals(1, shadowOf(page).getGoBackInvocations());
        assertFalse(activity.isFinishing());
        shadowOf(page).setCanGoBack(false);
        activity.onBackPressed();
        assertTrue(activity.isFinishing());
    }

    @Test
    @SuppressWarnings("deprecation")
    public void theBarsFollowLightAndDark() {
        MainActivity activity = Shell.start().get();
        View decor = activity.getWindow().getDecorView();
        assertTrue((decor.getSystemUiVisibility() & View.SYSTEM_UI_FLAG_LIGHT_STATUS_BAR) != 0);
        Configuration dark = new Configuration(activity.getResources().getConfiguration());
        dark.uiMode = (dark.uiMode & ~Configuration.UI_MODE_NIGHT_MASK) | Configuration.UI_MODE_NIGHT_YES;
        activity.getResources().updateConfiguration(dark, activity.getResources().getDisplayMetrics());
        int light = activity.getWindow().getStatusBarColor();
        activity.onConfigurationChanged(dark);
        assertEquals(0, decor.getSystemUiVisibility() & View.SYSTEM_UI_FLAG_LIGHT_STATUS_BAR);
        assertTrue(light != activity.getWindow().getStatusBarColor());
    }
}
