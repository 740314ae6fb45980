package app.mien;

import static org.junit.Assert.assertArrayEquals;
import static org.junit.Assert.assertEquals;
import static org.junit.Assert.assertFalse;
import static org.junit.Assert.assertTrue;

import android.Manifest;
import android.content.Context;
import android.content.Intent;
import android.content.pm.ActivityInfo;
import android.content.pm.FeatureInfo;
import android.content.pm.PackageInfo;
import android.content.pm.PackageManager;
import android.content.res.Resources;
import android.graphics.drawable.AdaptiveIconDrawable;
import android.util.TypedValue;
import org.junit.Test;
import org.junit.runner.RunWith;
import org.robolectric.RobolectricTestRunner;
import org.robolectric.RuntimeEnvironment;
import org.robolectric.annotation.Config;

/** What Android and a store read of the built app. */
@RunWith(RobolectricTestRunner.class)
@Config(sdk = 35)
public class ManifestTest {
    private final Context context = RuntimeEnvironment.getApplication();
    private final PackageManager packages = context.getPackageManager();

    private PackageInfo app(int what) throws Exception {
        return packages.getPackageInfo("app.mien", what);
    }

    @Test
    public void onlyTheLaunchersActivityIsExportedAndOnlyTheCameraIsAsked() throws Exception {
        PackageInfo app = app(PackageManager.GET_PERMISSIONS | PackageManager.GET_ACTIVITIES | PackageManager.GET_PROVIDERS);
        assertArrayEquals(new String[] {Manifest.permission.CAMERA}, app.requestedPermissions);
        for (ActivityInfo one : app.activities) assertEquals(one.name.endsWith(".MainActivity"), one.exported);
        assertFalse(app.providers[0].exported);
    }

    @Test
    public void noDeviceIsLeftOutForWhatItLacks() throws Exception {
        for (FeatureInfo feature : app(PackageManager.GET_CONFIGURATIONS).reqFeatures) {
            assertEquals(String.valueOf(feature.name), 0, feature.flags & FeatureInfo.FLAG_REQUIRED);
        }
    }

    @Test
    public void aChangeBetweenLightAndDarkKeepsThePage() throws Exception {
        ActivityInfo activity = packages.getActivityInfo(new Intent(context, MainActivity.class).getComponent(), 0);
        assertTrue((activity.configChanges & ActivityInfo.CONFIG_UI_MODE) != 0);
        assertTrue((activity.configChanges & ActivityInfo.CONFIG_LOCALE) != 0);
    }

    @Test
    public void aPictureOrAVideoCanBeSharedWithItAndNothingElse() {
        Intent share = new Intent(Intent.ACTION_SEND).setType("image/png").addCategory(Intent.CATEGORY_DEFAULT);
        assertEquals(1, packages.queryIntentActivities(share.setPackage("app.mien"), 0).size());
        assertEquals(1, packages.queryIntentActivities(share.setType("video/mp4"), 0).size());
        assertEquals(0, packages.queryIntentActivities(share.setType("text/plain"), 0).size());
    }

    @Test
    public void theIconAdaptsAndHasOneColourWhereThePhoneWantsThat() {
        AdaptiveIconDrawable icon = (AdaptiveIconDrawable) context.getDrawable(R.mipmap.icon);
        assertTrue(icon.getForeground() != null && icon.getBackground() != null && icon.getMonochrome() != null);
    }

    @Test
    public void theSplashShowsTheAppsOwnIconOnItsOwnGround() {
        Resources.Theme theme = context.getResources().newTheme();
        theme.applyStyle(R.style.Mien, true);
        for (int name : new int[] {android.R.attr.windowSplashScreenAnimatedIcon, android.R.attr.windowSplashScreenBackground}) {
            TypedValue value = new TypedValue();
            assertTrue(theme.resolveAttribute(name, value, true));
            assertTrue(context.getResources().getResourceName(value.resourceId).startsWith("app.mien:"));
        }
    }
}
