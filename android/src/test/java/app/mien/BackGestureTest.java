package app.mien;

import static org.junit.Assert.assertEquals;
import static org.junit.Assert.assertNotNull;
import static org.junit.Assert.assertNull;
import static org.robolectric.Shadows.shadowOf;

import android.webkit.WebView;
import android.window.OnBackInvokedCallback;
import org.junit.Test;
import org.junit.runner.RunWith;
import org.robolectric.RobolectricTestRunner;
import org.robolectric.annotation.Config;
import org.robolectric.util.ReflectionHelpers;

/** Back is the page's as long as it has somewhere to go back to; then it is the system's. */
@RunWith(RobolectricTestRunner.class)
@Config(sdk = 35)
public class BackGestureTest {
    /** What the app has registered; null where the system's own way is left in place. */
    private static Object registered(MainActivity activity) {
        BackGesture back = ReflectionHelpers.getField(activity, "back");
        return ReflectionHelpers.getField(back, "registered");
    }

    @Test
    public void thePageHasTheGestureAsLongAsItCanGoBack() {
        MainActivity activity = Shell.start().get();
        WebView page = activity.page();
        Shell.loaded(page, PageServer.START);
        assertNull(registered(activity));
        shadowOf(page).setCanGoBack(true);
        Shell.loaded(page, PageServer.START + "#models");
        OnBackInvokedCallback callback = (OnBackInvokedCallback) registered(activity);
        assertNotNull(callback);
        callback.onBackInvoked();
        assertEquals(1, shadowOf(page).getGoBackInvocations());
        shadowOf(page).setCanGoBack(false);
        Shell.loaded(page, PageServer.START);
        assertNull(registered(activity));
    }
}
